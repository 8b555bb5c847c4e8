DROP INDEX subject_names_by_grams;
DROP FUNCTION name_grams;
