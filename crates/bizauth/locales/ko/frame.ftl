# Words that every page shares.

site-name = 비즈니스 인증
skip = 본문으로 건너뛰기
language-nav = 언어
sign-out = 로그아웃
sign-in = 로그인
signed-in-as = 로그인한 계정
independent = bizauth는 카카오와 관계없는 독립 소프트웨어입니다.
test-server = 테스트 서버입니다. 실제 광고계정은 바뀌지 않습니다.
error-title = 오류
day = { $year }년 { $month }월 { $day }일
