# Small pages that say one thing. `.text` says it, `.link` leads on when there is somewhere to go.

notice-signed-out = You are signed out
    .text = You are signed out on this device. Apps you agreed to keep their access.
    .link = Sign in again
notice-consent-gone = This request has expired
    .text = The consent request is no longer valid, and nothing was shared. Go back to the app and start again.
    .link = To the front page
notice-consent-answered = This request was already answered
    .text = You may have answered in another window, or come back with the back button. Nothing changes here. To choose differently, start again from the app.
    .link = To the front page
notice-form-expired = This page was open for too long
    .text = To be safe, nothing was done and nothing has changed. Open the page afresh and try again.
    .link = Open it again
notice-not-found = There is no such page
    .text = Check the address. If an app sent you here, please tell its developer.
    .link = To the front page
notice-wrong-method = This address opens differently
    .text = It does not answer to this kind of request. If an app sent you here, please tell its developer.
    .link = To the front page
notice-unavailable = Not available for the moment
    .text = The server has a temporary problem. Nothing has changed; please try again in a moment.
    .link = Try again
notice-broken = Something went wrong
    .text = The server met an unexpected error and recorded it for the operator. Please try again in a moment.
    .link = To the front page
