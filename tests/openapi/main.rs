//! `openapi.yaml` says exactly what the route table offers.

#[cfg(test)]
mod description;
