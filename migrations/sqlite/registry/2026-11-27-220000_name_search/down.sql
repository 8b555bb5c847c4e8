DROP TABLE subject_name_grams;
