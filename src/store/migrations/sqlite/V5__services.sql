-- What kind of service an agency is; which agency a referral is made for and which request it answers; which assessment
-- another takes the place of. Null for what was there before. Only adds: the earlier programs run on it.

ALTER TABLE partner ADD COLUMN service TEXT;
ALTER TABLE partner_version ADD COLUMN service TEXT;
ALTER TABLE referral ADD COLUMN on_behalf_of TEXT;
ALTER TABLE referral ADD COLUMN in_answer_to TEXT;
ALTER TABLE referral_version ADD COLUMN on_behalf_of TEXT;
ALTER TABLE referral_version ADD COLUMN in_answer_to TEXT;
ALTER TABLE assessment ADD COLUMN supersedes TEXT;
