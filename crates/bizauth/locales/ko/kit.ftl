# The kit of the management pages: navigation, forms, lists, times. Every page of the console, of /me and of the
# operator uses these.

nav-top = 주 메뉴
nav-console = 콘솔
nav-connected = 연결된 앱
nav-account = 내 계정
nav-overview = 개요
nav-requests = 신청
nav-accounts = 계정
nav-apps = 앱
nav-catalogue = 동의항목
nav-assets = 자산
nav-sessions = 세션
nav-audit = 감사 기록
nav-keys = 운영자 키
crumbs = 현재 위치

refused-title = 아직 아무것도 바뀌지 않았습니다. 다음을 확인해 주세요.
optional = 선택
choose-one = 선택해 주세요
search = 검색
search-clear = 전체 보기
pages = 목록 페이지
pager-newer = 이전
pager-older = 다음
filters = 필터
copy-what = 복사: { $what }
copy = 복사
copied = 복사했습니다
secret-once = 지금 한 번만 표시됩니다. 바로 복사해서 안전한 곳에 보관하세요.

confirm-type = 확인을 위해 ‘{ $name }’{ JOSA($name, "을/를") } 입력해 주세요
confirm-wrong = 확인을 위해 ‘{ $name }’{ JOSA($name, "을/를") } 정확히 입력해 주세요.

when = { $day } { $clock } (한국 시간)
never = 없음
used-hour = 마지막 사용 시각은 실제보다 최대 한 시간 이전으로 표시될 수 있습니다.
used-minutes = 마지막 사용 시각은 실제보다 최대 5분 이전으로 표시될 수 있습니다.
chart-table = 표로 보기
cancel = 취소
