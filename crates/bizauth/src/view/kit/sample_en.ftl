# The words of the kit's sample page. Only the tests read this file.

sample-name = App name
    .hint = People see it on the consent screen.
sample-company = Company
sample-site = Website
sample-about = What the app is for
    .hint = A sentence or two, for the people who review the request.
sample-kind = Kind of key
sample-public = Show the app in the list
    .hint = Only people of your company see the list.
sample-events = Tell me about
    .hint = Mail goes to the owner of the app.
sample-role = Role
sample-icon = Icon
    .hint = PNG or JPEG, up to 1 MB. It is scaled to 256 by 256 points.
sample-save = Save
sample-nothing = No keys yet
    .text = A key tells this server which app is asking. Create one to make the first request.
sample-delete = Delete this app
    .text = All keys stop working at once, and everyone’s consent ends. This cannot be undone.
    .button = Delete for good
