# Words that every page shares.

site-name = Business Authentication
skip = Skip to content
language-nav = Language
sign-out = Sign out
sign-in = Sign in
signed-in-as = Signed in as
independent = bizauth is independent software, not affiliated with Kakao.
test-server = This is a test server. No real ad account changes.
error-title = Error
day = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
