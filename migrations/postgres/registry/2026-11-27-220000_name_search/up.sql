-- Finding names by a part of them: the pairs of characters of each name (东营 营测 测试) in an inverted index, GIN. What
-- has all pairs of the part is then looked at itself. With the statistics that ANALYZE makes of the index, the engine
-- walks the names in their order when a pair stands in most of them.
CREATE FUNCTION name_grams(name text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT ARRAY(SELECT substr(name, at, 2) FROM generate_series(1, greatest(length(name) - 1, 1)) AS at) $$;

CREATE INDEX subject_names_by_grams ON subject_names USING gin (name_grams(name_key));
