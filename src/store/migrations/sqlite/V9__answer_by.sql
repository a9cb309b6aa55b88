-- Until when an answer to a referral is awaited, as it was told to both sides. Null for what was there before, and for what
-- an earlier program writes: that is read as due by its urgency, counted from when it was made, as it was shown before. Only
-- adds: the earlier programs run on it.

ALTER TABLE referral ADD COLUMN answer_by INTEGER;
ALTER TABLE referral_version ADD COLUMN answer_by INTEGER;
