# The front page, and the page where a test flow ends.

home-title = Lend permissions, keep your accounts
home-lead = This server lets business owners lend apps permissions over their ad accounts, and take them back at any time.
home-how = How it works
home-how-ask = An app asks for the permissions and ad accounts it needs.
home-how-decide = You decide on the consent screen what to lend, and where.
home-how-back = It holds until you take it back or the app no longer uses it, and ends the moment you do.
home-signed-out = You are not signed in.
home-demo = Start the demo
home-demo-hint = Play the demo app: from the consent screen to a business token.

callback-title-code = The app has received a code
callback-title-error = The app has received an error
callback-title-empty = Nothing was received
callback-lead = This is the demo app’s redirect URI. A real app receives these values on its own server.
callback-test = Test only
callback-received = Received
callback-trade = Trade the code for a business token
callback-trade-hint = The code works once, and expires soon.
callback-next = Then
callback-next-hint = The answer has an access_token. The lines below use it from this variable:
callback-empty = The query holds neither a code nor an error. Start the demo from the beginning.
callback-again = Start again

log-title = Requests and answers
log-world = World
log-clock = Its clock
log-frozen = stands still
log-search = A text in the request (an address, a key, a code), or an error such as KOE320 or -401
log-find = Find
log-empty = No such request yet. Send one, and look again.
log-call = Request
log-answer = Answer
log-said = What decided
log-at = At
log-waits = no answer yet
log-hint = Tests ask for the same as JSON; all that can be steered is described here:
log-number = Number
log-decided = What decided
log-why = Why, exactly
log-unread = Read by nobody
log-staged = Staged
log-request = Request
log-remedy = Remedy
log-cause = Cause
log-meaning = What { $code } means
fault-explained = Why this very request was refused: the log of this test server
