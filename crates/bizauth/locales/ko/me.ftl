# The words of a person's own pages.

me-home = 내 연결 관리
me-lead = 어떤 앱에 무엇을 맡겼는지 확인하고, 원할 때 언제든지 거둘 수 있습니다.
me-front = 첫 화면으로
