# The REST API test, issuing a token to test with, and usage.

test-lead = Call the real endpoints with the keys and tokens of this app, and see what comes back. Calls count as usage of the app.
test-choose = APIs
test-issue = Issue a business token
test-star = must be filled in
test-required = required
test-authorize = Shows a person the consent screen and brings back an authorization code. It is a page: the tool makes its address, and you open it.
test-token = Trades an authorization code for a business token.
test-tokeninfo = Tells whether a business token is valid, and what was agreed to.
test-userinfo = Tells who the person behind a business token is, as far as they agreed.
test-revoke = Ends a business token.
test-revoke-warning = The token really ends, at once and for good.
test-ips = Tells the addresses the platform calls from and answers on.
test-no-token = You need a business token of this app.
test-client-id = The REST API key. The admin key cannot be used here.
test-response-type = Always code.
test-redirect-uri = A business redirect URI of the REST API key, to the letter.
test-redirect-uri-again = The redirect URI to which the code was sent, to the letter.
test-scope = Ids of consent items that are switched on, separated by commas. biz_account_email needs another one beside it.
test-state = Any text; it comes back with the code, so that you know the answer is to your request.
test-resource-ids = The assets to ask for, one on each line: group:id, or group:* for all. With nothing here the person chooses. An item that ends in _create needs group:*.
test-grant-type = Always authorization_code.
test-code = The authorization code from the redirect. It can be used once, within minutes.
test-client-secret = The business client secret, unless it is OFF for the key. It is used for this call only and shown nowhere.
test-code-challenge = PKCE: the SHA-256 of a code_verifier of your own, in base64url without =. Needed if the key requires PKCE.
test-code-challenge-method = Always S256, and only with a code_challenge.
test-code-verifier = The text whose SHA-256 was the code_challenge, if the code was asked for with one. It is used for this call only.
test-no-challenge = This key requires PKCE. Give the code_challenge of a code_verifier of your own, or take “Issue a business token” above, which makes both.
test-rule-type = Which list: inbound or outbound. Leave it out, and both come.
test-app-key = A platform key of the app. The admin key cannot be used here.
test-business-token = A business token of this app. It is used for this call only and stored nowhere.
test-send = Send
test-make = Make the address
test-answer = Answer
test-status = Status
test-took = Time
test-body = Body
test-no-body = The answer has no body.
test-cut = The body is longer. This is its beginning.
test-headers = Headers
test-header = Header
test-value = Value
test-issued = The new business token
test-look-up = Look up { $code }
test-link = The address for the person
    .text = Open it, sign in as someone with ad accounts and agree. The answer goes to the redirect URI.
test-curl = The same as curl
    .text = Secrets and tokens are not in it. Set the variables in your shell first, such as BUSINESS_TOKEN=…
test-missing = { $name } is required.
test-letters = { $name } can hold letters, digits and signs of ASCII only.
test-admin-key = The admin key cannot be used here. Choose another key.
test-key-off = { $name } (disabled)
test-unnamed = Key { $id }

issue-lead = You go through the real consent screen yourself, and come back here with a code.
issue-no-key = The app has no REST API key
    .text = Create one first: it is what asks for the consent.
issue-no-items = No consent item is switched on
    .text = Switch on what the app shall ask for first.
issue-register = This page’s redirect URI is not registered
    .text = The consent sends its answer to this address, so it must be a business redirect URI of the key “{ $key }”. It counts as one of ten.
issue-register-now = Register it
issue-ask = What to ask for
issue-key = REST API key
issue-items = Consent items
issue-all = All assets, now and in future
issue-needs-all = One of the chosen items needs this.
issue-assets = Assets of { $group }
    .hint = Ids separated by commas. With nothing here you choose on the consent screen.
issue-you = You lend your own ad accounts: the account you are signed in with is the one that agrees. The token stays valid until it is revoked, or unused for { $days } days.
issue-go = To the consent screen
issue-choose-items = Tick at least one consent item.
issue-either = Choose all assets or name some, not both.
issue-refused = { $code }: { $cause } { $remedy }
issue-full = The key has ten redirect URIs already. Remove one that is not needed.
issue-flaw = The server’s own address cannot be a redirect URI: { $why }.

redeem-title = The consent brought a code
redeem-lead = Trade it for a business token now: it lives for minutes only.
redeem-no-code = The consent brought no code
redeem-code = Authorization code
redeem-secret = Client secret
    .hint = The server knows only its digest, so you have to give it. It is used for this call only.
redeem-verifier = PKCE code_verifier
    .hint = The key requires PKCE, so the tool sent a code_challenge. The code can only be traded together with this text, which is in this page alone.
redeem-no-secret = The client secret is OFF for this key, so none is asked for.
redeem-go = Trade for a token
redeem-again = Start again
redeem-wrong-secret = This is not the client secret of the key.

done-test-uri-added = The redirect URI has been registered.
done-token-issued = The token has been issued. It is filled in below too, for the next call, and stored nowhere.

usage-lead = The app’s calls, how they were answered, and what is left of its quota.
usage-quota = Today’s quota
usage-left = Left
usage-of = of { $most ->
    [one] { $most } call
   *[other] { $most } calls
}
usage-spent = Used
usage-anew = Starts anew
usage-no-quota = The app has no quota: it may call as often as it likes.
usage-days = { $days } days
usage-none = No calls in this period
    .text = Calls with the keys and tokens of this app appear here a few seconds later. Send the first one with the REST API test.
usage-calls = Calls a day, by endpoint
usage-calls-about = { $total ->
    [one] { $total } call
   *[other] { $total } calls
}: { $parts }.
usage-refusals = Refusals a day, by code
usage-refusals-about = { $total ->
    [one] { $total } refusal
   *[other] { $total } refusals
}: { $parts }.
usage-no-refusals = Nothing was refused.
usage-others = Others
usage-by-error = Refusals by code and endpoint
usage-endpoint = Endpoint
usage-count = Times
usage-last = Last on
usage-counted = Days begin at midnight on the platform’s calendar ({ $zone }). Calls whose app is unknown, such as those with an unknown key, are not here.

chart-day = Day
chart-total = Total
