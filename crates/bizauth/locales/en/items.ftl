# The built-in catalogue of consent items and their groups. An operator's own items bring their own words.

group-personal = About you
group-moment = Kakao Moment
group-keyword = Keyword Ad

item-biz_account_email = E-mail address
    .about = Reads the main e-mail address of this account, and whether it is verified.
item-moment_create = Open ad accounts
    .about = Opens new ad accounts in the name of your business.
item-moment_management = Run and read ads
    .about = Creates and edits campaigns and creatives, changes budgets and bids, and reads results.
item-moment_delete = Delete ad accounts
    .about = Deletes the ad accounts you lend and the ads in them.
item-moment_bizform_result_read = Read business form results
    .about = Reads what customers answered in the business forms linked to your ads.
item-keyword_create = Open ad accounts
    .about = Opens new ad accounts in the name of your business.
item-keyword_management = Run and read ads
    .about = Creates and edits campaigns and keywords, changes budgets and bids, and reads results.
item-keyword_delete = Delete ad accounts
    .about = Deletes the ad accounts you lend and the ads in them.
