# The front page, and the page where a test flow ends.

home-title = 광고계정은 그대로, 권한만 맡깁니다
home-lead = 사업자가 광고계정의 권한을 앱에 맡기고, 언제든 거둘 수 있게 하는 서버입니다.
home-how = 어떻게 쓰이나요
home-how-ask = 앱이 필요한 권한과 광고계정을 요청합니다.
home-how-decide = 사업자는 동의 화면에서 무엇을, 어디에 맡길지 직접 정합니다.
home-how-back = 맡긴 권한은 직접 거두거나 앱이 오랫동안 쓰지 않을 때까지 유효하고, 거두면 바로 끊깁니다.
home-signed-out = 로그인하지 않았습니다.
home-demo = 데모 시작하기
home-demo-hint = 데모 앱이 되어 동의 화면부터 토큰 발급까지 직접 해 보세요.

callback-title-code = 앱이 인가 코드를 받았습니다
callback-title-error = 앱이 오류를 받았습니다
callback-title-empty = 받은 값이 없습니다
callback-lead = 여기는 데모 앱의 리다이렉트 URI입니다. 실제 앱은 자기 서버에서 이 값을 받습니다.
callback-test = 테스트 전용
callback-received = 받은 값
callback-trade = 코드를 비즈니스 토큰으로 바꾸기
callback-trade-hint = 코드는 한 번만 쓸 수 있고 곧 만료됩니다.
callback-next = 그다음
callback-next-hint = 응답에 access_token이 있습니다. 아래 명령은 이 변수에 넣은 값을 사용합니다.
callback-empty = 쿼리에 code도 error도 없습니다. 데모를 처음부터 시작하세요.
callback-again = 처음부터 다시

log-title = 요청과 응답
log-world = 월드
log-clock = 월드의 시계
log-frozen = 멈춤
log-search = 요청에 들어 있는 글자(주소, 키, 코드)나 KOE320, -401 같은 오류
log-find = 찾기
log-empty = 아직 그런 요청이 없습니다. 요청을 보내고 다시 보세요.
log-call = 요청
log-answer = 응답
log-said = 판단한 규칙
log-at = 시각
log-waits = 아직 응답 없음
log-hint = 테스트는 같은 내용을 JSON으로 물어봅니다. 조종할 수 있는 것은 모두 여기에 있습니다:
log-number = 번호
log-decided = 판단한 규칙
log-why = 정확한 이유
log-unread = 아무도 읽지 않은 값
log-staged = 연출
log-request = 요청
log-remedy = 해결 방법
log-cause = 원인
log-meaning = { $code }의 뜻
fault-explained = 이 요청이 거절된 이유 보기(테스트 서버의 기록)
