# The consent screen.

consent-title = { $app }{ JOSA($app, "이/가") } 비즈니스 권한을 요청합니다
consent-lead = 아래 내용을 확인하고 결정하세요. 동의하기 전에는 아무것도 전달되지 않습니다.
consent-test-app = 테스트 앱
consent-test-app-hint = 앱 멤버만 사용할 수 있습니다.

consent-who = 누가 요청하나요
consent-developer = 개발사
consent-returns = 결과를 받는 곳
consent-account = 로그인한 계정
consent-not-you = 본인이 아닌가요?

consent-before = 이미 동의한 적이 있는 앱입니다
consent-changes = 지난번과 달라진 점
consent-changes-last = { $date }에 이 앱에 동의한 적이 있습니다.
consent-changes-none = 이번에도 같은 권한을 요청합니다.
change-item-added = 새로 요청: { $name }
change-item-dropped = 더는 요청하지 않음: { $name }
change-asset-gone = 이제 맡길 수 없음: { $name }
change-now-all = { $name }: 이번에는 모든 광고계정을 요청합니다
change-now-fixed = { $name }: 이번에는 앱이 광고계정을 지정했습니다

consent-what = 무엇을 할 수 있게 되나요
consent-what-hint = 모든 항목은 필수이며 한꺼번에 동의합니다. 하나라도 원하지 않으면 취소하세요.
item-new = 새 항목
item-purpose = 개발사가 밝힌 목적
risk-spends = 광고비를 쓸 수 있음
risk-deletes = 되돌릴 수 없음
risk-personal = 고객 개인정보

consent-where = 어디에 허용할까요
consent-where-fixed = 어디에 허용되나요
pick-legend = { $group } { $kind ->
    [channel] 채널
   *[account] 광고계정
}
pick-some = { $kind ->
    [channel] 아래에서 선택한 채널만
   *[account] 아래에서 선택한 광고계정만
}
pick-all = { $kind ->
    [channel] 모든 채널, 지금부터 앞으로도
   *[account] 모든 광고계정, 지금부터 앞으로도
}
pick-all-hint = { $kind ->
    [channel] 지금 있는 채널은 물론, 나중에 생기는 채널까지 다시 묻지 않고 맡깁니다.
   *[account] 지금 있는 광고계정은 물론, 나중에 만드는 광고계정까지 다시 묻지 않고 맡깁니다.
}
pick-search = 이름 또는 번호로 찾기
pick-find = 찾기
pick-rows = { $kind ->
    [channel] 채널 목록
   *[account] 광고계정 목록
}
pick-count = { $count }개 선택
pick-count-elsewhere = 여기에 보이지 않는 { $count }개 포함
pick-total = 전체 { $count }개
pick-matching = { $total }개 중 { $count }개 찾음
pick-live = 이 페이지에서 { $count }개 찾음
pick-none-match = ‘{ $search }’{ JOSA($search, "과/와") } 일치하는 것이 없습니다.
pick-none = { $kind ->
    [channel] 이 서비스에 채널이 없습니다.
   *[account] 이 서비스에 광고계정이 없습니다.
}
pick-pages = 페이지 이동
pick-page = { $pages }페이지 중 { $page }페이지
pick-previous = 이전
pick-next = 다음
pick-before = 지난번에 선택
pick-all-locked = { $kind ->
    [channel] 모든 채널
   *[account] 모든 광고계정
}
pick-all-locked-hint = { $kind ->
    [channel] 앱이 전체를 요청했습니다. 지금 있는 { $total }개와 앞으로 생기는 채널이 모두 포함됩니다. 일부만 맡기려면 취소하세요.
   *[account] 앱이 전체를 요청했습니다. 지금 있는 { $total }개와 앞으로 만드는 광고계정이 모두 포함됩니다. 일부만 맡기려면 취소하세요.
}
pick-all-locked-empty = { $kind ->
    [channel] 앱이 전체를 요청했습니다. 지금은 채널이 없지만 앞으로 생기는 채널이 모두 포함됩니다.
   *[account] 앱이 전체를 요청했습니다. 지금은 광고계정이 없지만 앞으로 만드는 광고계정이 모두 포함됩니다.
}
pick-fixed = { $kind ->
    [channel] 앱이 지정한 채널입니다. 바꿀 수 없으니, 원하지 않으면 취소하세요.
   *[account] 앱이 지정한 광고계정입니다. 바꿀 수 없으니, 원하지 않으면 취소하세요.
}

pick-error-title = 아직 동의하지 않았습니다
pick-error-nothing = { $kind ->
    [channel] { $group }: 맡길 채널을 하나 이상 선택하세요.
   *[account] { $group }: 맡길 광고계정을 하나 이상 선택하세요.
}
pick-error-gone = { $kind ->
    [channel] { $group }: 선택한 채널 가운데 이제 맡길 수 없는 것이 있습니다. 목록을 다시 확인하세요.
   *[account] { $group }: 선택한 광고계정 가운데 이제 맡길 수 없는 것이 있습니다. 목록을 다시 확인하세요.
}
pick-error-both = { $kind ->
    [channel] { $group }: 전체를 고른 채 채널을 따로 선택하셨습니다. 지금은 선택한 채널만 맡깁니다. 전체를 맡기려면 다시 고르세요.
   *[account] { $group }: 전체를 고른 채 광고계정을 따로 선택하셨습니다. 지금은 선택한 광고계정만 맡깁니다. 전체를 맡기려면 다시 고르세요.
}

role-owner = 소유자
role-manager = 관리자
role-operator = 운영자
role-editor = 편집자
role-member = 멤버
role-viewer = 보기 전용

unlendable-role = 지금 역할로는 맡길 수 없습니다. 소유자나 관리자에게 요청하세요.
unlendable-suspended = 이용이 정지되어 맡길 수 없습니다.
unlendable-closed = 해지되어 맡길 수 없습니다.

consent-until = 언제까지 유효한가요
consent-until-hint = 직접 거둘 때까지 유효하며, 앱이 { $days }일 동안 사용하지 않으면 저절로 끝납니다. 언제든지 거둘 수 있고, 거두는 즉시 앱은 더 이상 쓸 수 없습니다.
consent-until-here = 연결된 앱 보기
consent-until-elsewhere = 거두려면 { $app } 또는 이 사이트의 운영자에게 요청하세요.
consent-answer = 답을 고르면 { $host } 주소로 이동합니다.
consent-agree = 동의하고 계속하기
consent-cancel = 취소
