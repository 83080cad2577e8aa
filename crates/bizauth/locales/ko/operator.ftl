# The words of the operator's pages.

operator-home = 운영
operator-lead = 여기에서 계정과 앱, 서버를 관리합니다.
operator-front = 처음으로
