# The words of the console.

console-home = 개발자 콘솔
console-lead = 여기에서 앱을 등록하고 키와 권한을 관리합니다.
