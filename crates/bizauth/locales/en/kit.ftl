# The kit of the management pages: navigation, forms, lists, times. Every page of the console, of /me and of the
# operator uses these.

nav-top = Main navigation
nav-console = Console
nav-connected = Connected apps
nav-account = Account
nav-overview = Overview
nav-requests = Requests
nav-accounts = Accounts
nav-apps = Apps
nav-catalogue = Consent items
nav-assets = Assets
nav-sessions = Sessions
nav-audit = Audit
nav-keys = Operator keys
crumbs = You are here

refused-title = Nothing has been changed yet. Please look at this:
optional = optional
choose-one = Please choose
search = Search
search-clear = Show all
pages = Pages of the list
pager-newer = Previous
pager-older = Next
filters = Filter
copy-what = Copy: { $what }
copy = Copy
copied = Copied
secret-once = This is shown only once. Copy it now and keep it in a safe place.

confirm-type = To confirm, type “{ $name }”
confirm-wrong = Type exactly “{ $name }” to confirm.

when = { $day }, { $clock } KST
never = Never
used-hour = Last use is recorded from time to time and may be up to an hour old.
used-minutes = Last use is recorded from time to time and may be up to five minutes old.
chart-table = Show as a table
cancel = Cancel
