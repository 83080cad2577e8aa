-- Which of the platform's own items are marked is said in the catalogue alone: those that the pages marked by themselves
-- are marked there, too. Whoever unmarks one afterwards is heeded.
UPDATE consent_items SET risky = 1
WHERE id IN ('moment_management', 'keyword_management', 'moment_bizform_result_read');
