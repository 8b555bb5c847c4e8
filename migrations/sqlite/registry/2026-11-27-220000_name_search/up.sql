-- Finding names by a part of them: each name stands in a full-text index as the row of its pairs of characters
-- (东营 营测 测试), so that a phrase of pairs is exactly a part of the name. The index of the engine itself (FTS5): it
-- merges what comes in by itself, and a pair that stands in every name costs no more to look up than a rare one.
CREATE VIRTUAL TABLE subject_name_grams USING fts5(
    grams,
    name_key UNINDEXED,
    subject UNINDEXED,
    tokenize = 'unicode61 remove_diacritics 0 categories ''L* M* N* P* S* Co'''
);

-- What is there already.
INSERT INTO subject_name_grams (grams, name_key, subject)
WITH RECURSIVE pair (name_key, subject, at) AS (
    SELECT name_key, subject, 1 FROM subject_names
    UNION ALL
    SELECT name_key, subject, at + 1 FROM pair WHERE at + 2 <= length(name_key)
)
SELECT group_concat(substr(name_key, at, 2), ' ' ORDER BY at), name_key, subject FROM pair GROUP BY name_key, subject;
