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
login-wrong = 이메일 또는 비밀번호가 맞지 않습니다.
login-too-many = 로그인을 너무 많이 시도했습니다. { $minutes }분 뒤에 다시 시도하세요. 계정은 잠기지 않았습니다.
login-form-expired = 화면을 연 지 오래되어 로그인하지 못했습니다. 다시 한번 로그인하세요.
login-unavailable = 지금은 로그인할 수 없습니다. 잠시 뒤에 다시 시도하세요.
