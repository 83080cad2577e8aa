# Connected apps: what was lent to whom, and taking it back.

me-apps = Connected apps
me-apps-lead = The apps you lent your business assets to. See what they may do, and take it back whenever you like.
me-search = Find an app by its name
me-none = No app is connected
    .text = When an app asks for access to your business and you agree, it shows up here. There is nothing to do for now.
me-none-found = No app found
    .text = No connected app has a name that begins like this. Try another name.
me-may = Permissions
me-may-nothing = Nothing at the moment.
me-on = On
me-reach-all = { $group }: everything, now and in future
me-reach-some = { $group }: { $count ->
    [one] { $count } asset
   *[other] { $count } assets
}
me-since = Connected since
me-used = last used
me-used-last = Last used
me-tokens-live = Live tokens
me-token-count = { $count ->
    [one] { $count } token
   *[other] { $count } tokens
}
me-tokenless = No live token: it can do nothing at the moment.
me-look = View and manage

me-app-deleted = Deleted app
me-withdraw-app = Disconnect
me-all-withdrawn = You have taken back everything you lent to this app. What remains below is the record of what you once agreed to.
me-cut = You agreed to this app more than { $count } times, and all of that still stands. What it may do and reach is told here from the newest { $count }; everything you agreed to is listed below.
me-now = Right now
me-may-now = What it may do now
me-risky = Deserves a second look
me-may-nowhere = None of your assets is lent for this any more, so the app can do nothing here.
me-assets = Assets it can reach
me-assets-whole = { $group }: you lent everything, now and in future. Once you take one back, new ones are no longer included.
me-assets-search = Find an asset by its name or id
me-assets-none = It can reach no asset
    .text = There is nothing of yours this app can work on at present. To lend something again, let the app ask you anew.
me-assets-none-found = No asset found
    .text = No asset has a name that begins like this. Try another name.
me-asset-name = Name
me-asset-id = Number
me-asset-group = Service
me-take-back = Take back
me-tokens = Tokens
me-tokens-hint = With a token the app gets at your assets. If you do not recognise one, you can take back just that one.
me-tokens-none = No live token
    .text = This app can do nothing at present. Disconnect it to make sure that it stays so.
me-token-id = Token ID
me-token-issued = Issued
me-token-consent = Agreed on
me-consents = What you agreed to
me-consents-hint = Choose a date to read what you were shown then, word for word. The record stays after you take something back.
me-consent-when = Agreed at
me-consent-state = State
me-consent-live = In use
me-consent-idle = Not in use
me-consent-withdrawn = Taken back
me-consent-taken = Part of it taken back, last on

withdraw-app = Disconnect { $app }
withdraw-asset = Take back { $name }
withdraw-token = Take back a token
withdraw-what = What happens at once
withdraw-app-tokens = { $count ->
    [0] { $app } has no live token now, and gets none from what you agreed to.
    [one] The one live token of { $app } ends.
   *[other] The { $count } live tokens of { $app } end.
}
withdraw-app-codes = Codes that { $app } has not used yet stop working too. It can no longer get at your assets.
withdraw-app-again = This cannot be undone. To use the app again you agree anew, starting in the app.
withdraw-asset-text = The asset leaves every token of { $app } at once. To lend it again you agree anew in the app.
withdraw-asset-whole = { $group }: new assets will no longer be included.
withdraw-asset-whole-text = Everything is lent at present. Taking one back turns that into a list of the others you have now.
withdraw-token-text = This token ends at once. Other tokens of { $app } stay as they are.
withdraw-token-last = This token ends at once. It is the only live one: { $app } can do nothing any more.
withdraw-do = Take back
withdraw-do-app = Disconnect

paper-who = Who asked
paper-title = What you agreed to
paper-lead = What you were shown when you agreed for { $app }, in the words of that moment.
paper-taken = Taken back since
paper-taken-all = Everything
paper-taken-whole = “all, now and in future”; the others you had then stayed
paper-taken-of-all = out of “all, now and in future”; the others you had then stayed
paper-lent-not-all = Something was taken back since.
paper-gone = Taken back
paper-app = App
paper-key = REST API key
paper-language = Language of the screen
paper-lent = What you lent
paper-lent-all = Everything you had then, and everything you add later
paper-listed = The list you chose from ({ $count })
paper-ticked = Lent then
paper-not-lendable = Could not be lent

done-app-withdrawn = Disconnected. The app can do nothing any more.
done-asset-withdrawn = Taken back. The app cannot use this asset any more.
done-token-withdrawn = Taken back. The token no longer works.
