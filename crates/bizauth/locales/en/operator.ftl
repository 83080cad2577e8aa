# The words of the operator's pages.

operator-home = Operation
operator-lead = Look after accounts, apps and the server here.
operator-front = To the first page
