# The console: apps, their members, their settings.

app-overview = 개요
app-keys = 플랫폼 키
app-items = 동의항목
app-tokens = 비즈니스 토큰
app-test = REST API 테스트
app-usage = 사용량
app-members = 멤버
app-settings = 설정

app-kind-basic = 기본 앱
app-kind-biz = 비즈 앱
app-kind-test = 테스트 앱
app-sanctioned = 이용 제한됨
member-owner = 소유자
member-editor = 편집자
