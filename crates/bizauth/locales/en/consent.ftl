# The consent screen.

consent-title = { $app } asks for access to your business
consent-lead = Read this through and decide. Nothing is shared until you agree.
consent-test-app = Test app
consent-test-app-hint = Only members of the app can use it.

consent-who = Who is asking
consent-developer = Developer
consent-returns = Answer goes to
consent-account = Signed in as
consent-not-you = Not you?

consent-before = You have agreed before
consent-changes = Changed since last time
consent-changes-last = You agreed to this app on { $date }.
consent-changes-none = It asks for the same again.
change-item-added = Newly asked for: { $name }
change-item-dropped = No longer asked for: { $name }
change-asset-gone = No longer yours to lend: { $name }
change-now-all = { $name }: this time it asks for all ad accounts
change-now-fixed = { $name }: this time the app names the ad accounts itself

consent-what = What it will be able to do
consent-what-hint = All of these are required and agreed to together. If you do not want one of them, cancel.
item-new = New
item-purpose = Purpose given by the developer
risk-spends = Can spend your money
risk-deletes = Cannot be undone
risk-personal = Customers’ personal data

consent-where = Where it may do this
consent-where-fixed = Where it will do this
pick-legend = { $kind ->
    [channel] Channels in { $group }
   *[account] Ad accounts in { $group }
}
pick-some = { $kind ->
    [channel] Only the channels I tick
   *[account] Only the ad accounts I tick
}
pick-all = { $kind ->
    [channel] All channels, now and in future
   *[account] All ad accounts, now and in future
}
pick-all-hint = { $kind ->
    [channel] Every channel you have now, and every one you add later, without asking you again.
   *[account] Every ad account you have now, and every one you open later, without asking you again.
}
pick-search = Find by name or number
pick-find = Find
pick-rows = { $kind ->
    [channel] List of channels
   *[account] List of ad accounts
}
pick-count = { $count } ticked
pick-count-elsewhere = { $count } of them not shown here
pick-total = { $count } in all
pick-matching = { $count } of { $total } found
pick-live = { $count } found on this page
pick-none-match = Nothing matches “{ $search }”.
pick-none = { $kind ->
    [channel] You have no channel in this service.
   *[account] You have no ad account in this service.
}
pick-pages = Pages
pick-page = Page { $page } of { $pages }
pick-previous = Previous
pick-next = Next
pick-before = Ticked last time
pick-all-locked = { $kind ->
    [channel] All channels
   *[account] All ad accounts
}
pick-all-locked-hint = { $kind ->
    [channel] The app asks for all of them: { $total ->
        [one] the one you have now
       *[other] the { $total } you have now
    } and any you add later. To lend only some, cancel.
   *[account] The app asks for all of them: { $total ->
        [one] the one you have now
       *[other] the { $total } you have now
    } and any you open later. To lend only some, cancel.
}
pick-all-locked-empty = { $kind ->
    [channel] The app asks for all of them. You have none now; any you add later is included.
   *[account] The app asks for all of them. You have none now; any you open later is included.
}
pick-fixed = { $kind ->
    [channel] The app named these channels. You cannot change them; if you do not want this, cancel.
   *[account] The app named these ad accounts. You cannot change them; if you do not want this, cancel.
}

pick-error-title = You have not agreed yet
pick-error-nothing = { $kind ->
    [channel] { $group }: tick at least one channel to lend.
   *[account] { $group }: tick at least one ad account to lend.
}
pick-error-gone = { $kind ->
    [channel] { $group }: a channel you ticked is no longer yours to lend. Please check the list again.
   *[account] { $group }: an ad account you ticked is no longer yours to lend. Please check the list again.
}
pick-error-both = { $kind ->
    [channel] { $group }: you chose all channels, and ticked single ones. Now only what is ticked counts; choose all again if you mean all.
   *[account] { $group }: you chose all ad accounts, and ticked single ones. Now only what is ticked counts; choose all again if you mean all.
}

role-owner = Owner
role-manager = Manager
role-operator = Operator
role-editor = Editor
role-member = Member
role-viewer = View only

unlendable-role = Your role does not allow lending it. Ask an owner or a manager.
unlendable-suspended = It is suspended and cannot be lent.
unlendable-closed = It is closed and cannot be lent.

consent-until = For how long
consent-until-hint = Until you take it back, or until the app has not used it for { $days ->
    [one] a day
   *[other] { $days } days
}. You can take it back at any time, and the app loses access at once.
consent-until-here = See connected apps
consent-until-elsewhere = To take it back, ask { $app } or the operator of this site.
consent-answer = Either answer takes you to { $host }.
consent-agree = Agree and continue
consent-cancel = Cancel
