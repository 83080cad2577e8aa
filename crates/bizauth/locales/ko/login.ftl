# The sign-in page.

login-title = 로그인
login-for-app = { $app }{ JOSA($app, "이/가") } 보낸 권한 요청을 확인하려면 로그인하세요.
login-for-app-host = 답은 { $host } 주소로만 전달됩니다.
login-nothing-yet = 로그인만으로는 아무 권한도 넘어가지 않습니다. 다음 화면에서 직접 확인하고 결정합니다.
login-plain = 비즈니스 계정으로 로그인하세요.
login-email = 이메일
login-password = 비밀번호
login-stay = 로그인 상태 유지
login-stay-hint = 30일 동안 유지됩니다. 함께 쓰는 기기에서는 선택하지 마세요.
login-submit = 로그인
login-forgotten = 비밀번호를 잊었다면 이 사이트의 운영자에게 새 비밀번호를 요청하세요. 쓰던 비밀번호는 누구도 알 수 없습니다.
login-wrong = 이메일 또는 비밀번호가 맞지 않습니다.
login-too-many = 로그인을 너무 많이 시도했습니다. { $minutes }분 뒤에 다시 시도하세요. 계정은 잠기지 않았습니다.
login-form-expired = 화면을 연 지 오래되어 로그인하지 못했습니다. 다시 한번 로그인하세요.
login-unavailable = 지금은 로그인할 수 없습니다. 잠시 뒤에 다시 시도하세요.

login-step-over = 확인하는 데 시간이 오래 걸렸거나 이미 끝난 로그인입니다. 비밀번호부터 다시 입력하세요.
code-title = 2단계 인증
code-lead = 인증 앱에 표시된 6자리 코드를 입력하세요.
code-field = 인증 코드
code-hint = 인증 앱을 쓸 수 없다면 복구 코드를 입력하세요. 복구 코드는 하나마다 한 번만 쓸 수 있습니다.
code-lost = 인증 앱과 복구 코드를 모두 잃어버렸다면 이 사이트의 운영자에게 문의하세요.
code-back = 다른 계정으로 로그인
code-malformed = 숫자 6자리 코드나 복구 코드를 입력하세요.
code-wrong = 코드가 맞지 않거나 이미 사용한 코드입니다. 앱의 새 코드나 다른 복구 코드를 입력하세요.
code-too-many = 코드를 너무 많이 틀렸습니다. { $minutes }분 뒤에 다시 시도하세요. 계정은 잠기지 않았습니다.
