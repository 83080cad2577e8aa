# The words of the kit's sample page. Only the tests read this file.

sample-name = 앱 이름
    .hint = 동의 화면에 표시되는 이름입니다.
sample-company = 회사 이름
sample-site = 웹사이트
sample-about = 앱의 용도
    .hint = 신청을 검토하는 사람을 위해 한두 문장으로 적어 주세요.
sample-kind = 키 종류
sample-public = 목록에 앱 표시
    .hint = 같은 회사 사람에게만 보입니다.
sample-events = 알림 받을 항목
    .hint = 앱 소유자에게 메일로 알려 드립니다.
sample-role = 역할
sample-icon = 아이콘
    .hint = PNG 또는 JPEG, 최대 1MB. 가로세로 256픽셀로 맞춰 저장합니다.
sample-save = 저장
sample-nothing = 아직 키가 없습니다
    .text = 키는 어떤 앱의 요청인지 알려 줍니다. 키를 만들면 첫 요청을 보낼 수 있습니다.
sample-delete = 앱 삭제
    .text = 모든 키를 바로 쓸 수 없게 되고, 모든 사람의 동의가 끝납니다. 되돌릴 수 없습니다.
    .button = 영구 삭제
