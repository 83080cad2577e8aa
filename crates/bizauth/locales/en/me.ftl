# The words of a person's own pages.

me-home = My connections
me-lead = See here what you lent to which app, and take it back whenever you like.
me-front = To the front page
