# The sign-in page.

login-title = Sign in
login-for-app = Sign in to see what { $app } is asking for.
login-for-app-host = Your answer goes to { $host } and nowhere else.
login-nothing-yet = Signing in gives nothing away. You review the request and decide on the next screen.
login-plain = Sign in with your business account.
login-email = E-mail address
login-password = Password
login-stay = Stay signed in
login-stay-hint = For 30 days. Leave this off on a shared device.
login-submit = Sign in
login-forgotten = Forgotten your password? Ask the operator of this site for a new one. Nobody can look the old one up.
login-wrong = The e-mail address or the password is not right.
login-too-many = Too many attempts. Try again in { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}. Your account is not locked.
login-form-expired = This page was open for too long, so you were not signed in. Please sign in once more.
login-unavailable = Signing in is not possible right now. Please try again in a moment.

login-step-over = That took too long, or this sign-in is already finished. Please enter your password again.
code-title = Two-factor sign-in
code-lead = Enter the 6-digit code that your authenticator app shows.
code-field = Code
code-hint = Without the app, enter one of your recovery codes. Each works once.
code-lost = If you have lost both the app and the recovery codes, ask the operator of this site.
code-back = Sign in with another account
code-malformed = Enter the 6 digits of a code, or a recovery code.
code-wrong = The code is not right, or was used before. Enter the app’s next code, or another recovery code.
code-too-many = Too many wrong codes. Try again in { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}. Your account is not locked.
