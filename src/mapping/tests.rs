//! Every audience's message, made from the same assessment.
