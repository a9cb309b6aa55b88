-- Recalls that nobody answers are reminded of: how often that was done, and when something is next due, a reminder or the end of
-- the wait for an answer; null once nothing is. Recalls that wait already are reminded of too, three days after they were asked.
-- Only adds: the earlier programs run on it, and what they recall is not reminded of.

ALTER TABLE recall ADD COLUMN reminders INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recall ADD COLUMN remind_at INTEGER;
UPDATE recall SET remind_at = asked_at + 259200000000 WHERE answer = '';
CREATE INDEX recall_due ON recall (remind_at) WHERE answer = '' AND remind_at IS NOT NULL;
