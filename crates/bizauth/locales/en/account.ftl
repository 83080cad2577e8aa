# A person's account: password, sessions, known browsers, two-factor sign-in.

account-title = Signing in
account-recovery-left = { $count ->
    [one] { $count } recovery code left
   *[other] { $count } recovery codes left
}
account-state = State
account-active = In good standing
account-dormant = Dormant
account-blocked = Blocked
account-closed = Closed
account-verified = Verified
account-unverified = Not verified

password-title = Change password
password-lead = A new password signs you out on all other devices. This browser stays signed in.
password-current = Current password
password-new = New password
    .hint = 8 to 256 characters. Longer is safer.
password-again = New password, once more
password-save = Change password
password-length = A password has 8 to 256 characters.
password-same = Choose another password than the one you have.
password-differs = This is not the same as the new password. Please fill in both fields again.
password-wrong = This is not your current password.
password-too-many = Too many wrong passwords. Try again in { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.

sessions-title = Where you are signed in
sessions-hint = If you do not recognise one, sign it out and change your password.
session-browser = Browser
session-address = IP address
session-began = Signed in
session-seen = Last seen
session-this = This browser
sessions-end-others = Sign out all others
devices-title = Known browsers
devices-hint = Browsers that have signed in before. Strangers who try wrong passwords cannot lock you out of these.
devices-none = No browser is known
    .text = The next browser you sign in with will be listed here.
device-signed-in = Last sign-in
device-forget = Forget
devices-forget-all = Forget all
agent-both = { $browser } on { $system }
agent-unknown = Unknown browser

two-factor-title = Two-factor sign-in
two-factor-lead = Whoever knows your password still cannot sign in without a code from your authenticator app.
two-factor-is-on = On
two-factor-is-off = Off
two-factor-since = On since
two-factor-manage = Manage
two-factor-set-up = Set up two-factor sign-in
two-factor-step-app = Have an authenticator app (time-based one-time passwords, TOTP) on your phone.
two-factor-step-scan = Scan the QR code on the next page with it, and enter the code that it shows.
two-factor-step-codes = Keep ten recovery codes for the day you lose your phone.
two-factor-password = Current password
two-factor-begin = Begin
two-factor-scan = Scan the QR code
two-factor-scan-text = Choose “add account” in your authenticator app and scan this. You have 15 minutes.
two-factor-qr = QR code for your authenticator app. If you cannot scan it, type the key below.
two-factor-type = If you cannot scan it, type this key into the app (time-based, 6 digits, 30 seconds).
two-factor-seed = Set-up key
two-factor-confirm = Enter its code
two-factor-first-code = The 6 digits that the app shows
two-factor-switch-on = Confirm and switch on
two-factor-code-wrong = This is not the code. Check that your phone’s clock is right, and enter the code it shows now.
two-factor-code = Code from the app, or a recovery code
two-factor-disable = Switch off two-factor sign-in
two-factor-disable-lead = The password alone will be enough to sign in again. Your recovery codes go, too.
recovery-codes = Recovery codes
recovery-once = They are shown this once. Print them or put them into your password manager, and keep them apart from your phone.
recovery-hint = Each works once. If you lose them you can make new ones, and the old ones stop working.
recovery-left = { $count } left
recovery-few = Only a few recovery codes are left. Make new ones in time.
recovery-title = Make new recovery codes
recovery-lead = Ten new codes. All earlier ones stop working.
recovery-make = Make new codes

done-password-changed = The password is changed. You are signed out on all other devices.
done-session-ended = That device is signed out.
done-sessions-ended = All other devices are signed out.
done-device-forgotten = The browser is forgotten.
done-devices-forgotten = All known browsers are forgotten.
done-two-factor-on = Two-factor sign-in is on. Keep your recovery codes now.
done-two-factor-off = Two-factor sign-in is off.
done-recovery-replaced = You have new recovery codes. Keep them now.
