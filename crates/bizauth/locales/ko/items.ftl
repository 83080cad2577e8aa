# The built-in catalogue of consent items and their groups. An operator's own items bring their own words.

group-personal = 내 정보
group-moment = 카카오모먼트
group-keyword = 키워드광고

item-biz_account_email = 이메일 주소
    .about = 이 계정의 대표 이메일과, 확인된 주소인지를 읽습니다.
item-moment_create = 광고계정 만들기
    .about = 내 비즈니스 이름으로 새 광고계정을 만듭니다.
item-moment_management = 광고 운영과 조회
    .about = 캠페인과 소재를 만들고 고치며, 예산과 입찰가를 바꾸고, 성과를 읽습니다.
item-moment_delete = 광고계정 삭제
    .about = 맡긴 광고계정과 그 안의 광고를 삭제합니다.
item-moment_bizform_result_read = 비즈니스폼 결과 보기
    .about = 광고에 연결한 비즈니스폼에 고객이 남긴 응답을 읽습니다.
item-keyword_create = 광고계정 만들기
    .about = 내 비즈니스 이름으로 새 광고계정을 만듭니다.
item-keyword_management = 광고 운영과 조회
    .about = 캠페인과 키워드를 만들고 고치며, 예산과 입찰가를 바꾸고, 성과를 읽습니다.
item-keyword_delete = 광고계정 삭제
    .about = 맡긴 광고계정과 그 안의 광고를 삭제합니다.
