DROP TABLE break_glass_notices;
DROP TABLE break_glass;
