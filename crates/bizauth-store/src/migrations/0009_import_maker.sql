-- Who handed a file in is told by "maker", the name they had then, and proved by the audit log's entry import.check. The
-- number beside it was an account's or an operator key's, nobody could tell which, and nobody read it.

ALTER TABLE imports DROP COLUMN made_by;
