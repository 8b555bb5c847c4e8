DROP TABLE case_steps;
DROP TABLE assignments;
DROP TABLE joint_actions;
