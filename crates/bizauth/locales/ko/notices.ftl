# Small pages that say one thing. `.text` says it, `.link` leads on when there is somewhere to go.

notice-signed-out = 로그아웃했습니다
    .text = 이 기기에서 로그아웃했습니다. 이미 동의한 앱의 권한은 그대로입니다.
    .link = 다시 로그인
notice-consent-gone = 요청이 만료되었습니다
    .text = 이 동의 요청은 더 이상 유효하지 않으며, 아무것도 전달되지 않았습니다. 앱으로 돌아가 처음부터 다시 시작하세요.
    .link = 첫 화면으로
notice-consent-answered = 이미 답한 요청입니다
    .text = 다른 창에서 답했거나 뒤로 가기로 돌아온 것 같습니다. 이 화면에서는 바뀐 것이 없습니다. 바꾸고 싶다면 앱에서 다시 시작하세요.
    .link = 첫 화면으로
notice-form-expired = 화면을 연 지 오래되었습니다
    .text = 안전을 위해 처리하지 않았고, 바뀐 것이 없습니다. 이전 화면을 새로 열어 다시 시도하세요.
    .link = 다시 열기
notice-not-found = 없는 페이지입니다
    .text = 주소를 다시 확인하세요. 앱에서 온 링크라면 앱 개발자에게 알려 주세요.
    .link = 첫 화면으로
notice-wrong-method = 이 방법으로는 열 수 없습니다
    .text = 이 주소는 다른 방법으로만 열립니다. 앱에서 온 링크라면 앱 개발자에게 알려 주세요.
    .link = 첫 화면으로
notice-unavailable = 잠시 이용할 수 없습니다
    .text = 서버에 일시적인 문제가 있습니다. 아무것도 바뀌지 않았으니 잠시 뒤에 다시 시도하세요.
    .link = 다시 시도
notice-broken = 문제가 생겼습니다
    .text = 서버에서 예상하지 못한 오류가 났고, 운영자가 볼 수 있게 기록했습니다. 잠시 뒤에 다시 시도하세요.
    .link = 첫 화면으로
