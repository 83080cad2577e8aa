# The console: apps, their members, their settings.

app-overview = Overview
app-keys = Platform keys
app-items = Consent items
app-tokens = Business tokens
app-test = REST API test
app-usage = Usage
app-members = Members
app-settings = Settings

app-kind-basic = Basic app
app-kind-biz = Biz app
app-kind-test = Test app
app-sanctioned = Under sanction
member-owner = Owner
member-editor = Editor
