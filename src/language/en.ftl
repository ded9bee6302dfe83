### The texts of the command line and the console in English. th.ftl has the same messages with the same variables; tests hold both together.
### One section per command, by its name; names of messages begin with the section's.

## Everywhere

the-house = the house
nobody-yet = nobody yet
minor-units = { $amount } minor units of { $currency }
unspecified = unspecified
read-at = read at position { $position }
left-out = { $count } older entries are left out: the answer would be too large; --as-of-position of an earlier position shows them
date-as-of = as of { $time }
date-known-at = as known at { $time }: at position { $position }
date-end-of-day = the end of { $day } (UTC)
date-as-of-day = as of the end of { $day } (UTC)
date-from = from { $time }
date-from-day = from the beginning of { $day } (UTC)
date-to = to before { $time }
date-to-day = to the end of { $day } (UTC)
date-no-day = there is no such day or time as { $date }
date-other-era = { $date } has a year of the Buddhist era, and years are read as they are shown, in the common era: write { $meant }
date-implausible = { $date } has an implausible year: years are those of the common era from { $first } to { $last }
error = error: { $text }
none = none
days =
    { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
months =
    { $count ->
        [one] { $count } month
       *[other] { $count } months
    }
sales =
    { $count ->
        [one] { $count } sale
       *[other] { $count } sales
    }

## Columns of several commands

column-partner = partner
column-payable = payable
column-minimum-payout = minimum payout
column-position = position
column-occurred = occurred
column-about = about
column-proposal = proposal
column-agreement = agreement
column-amount = amount
column-credit = credit
column-currency = currency
column-decision = decision
column-dispute = dispute
column-from = from
column-kind = kind
column-lead = lead
column-opened = opened
column-outcome = outcome
column-owner = owner
column-payout = payout
column-reference = reference
column-rule = rule
column-sale = sale
column-state = state

## payables

payables-none = nothing is payable
payables-below-minimum = below the minimum, carries forward
payables-pay = pay
payables-on-hold = on hold: do not pay
payables-in-transit = on its way

## statement

statement-none = no entries
statement-not-begun = { $month } has not begun
statement-json-or-format = --json and another --format are asked for; leave one of them out
statement-available = available
statement-title = Statement of { $partner }, { $month }
house-name = Issued by
house-address = Address
statement-no-currency = --currency { $code } must be an ISO 4217 code (list one, with a minor unit), such as USD
statement-only-currency = Currency
statement-partner = Partner
statement-period = Period
statement-from-to = { $first } to { $last } ({ $zone })
statement-running = Provisional: the month is not over. What is below is as far as known, and may still change.
statement-open = Provisional: the month is over but not closed. Facts of it that become known late may still change it.
statement-closed = Final: everything before { $through } is closed (position { $position }). Facts that become known late count in a later month; only what disputes hold may still change.
statement-nothing = Nothing has moved, and nothing is owed.
statement-date = date
statement-kind = kind
statement-sale = sale
statement-lead = lead
statement-reason = reason
statement-amount = amount
statement-balance = balance
statement-currency = currency
statement-agreement = agreement
statement-campaign = campaign
statement-reference = reference
statement-available-from = available from
statement-occurred = occurred
statement-position = position
statement-recorded-by = recorded by
statement-opening = opening balance
statement-closing = closing balance
statement-late = happened on { $date }, recorded after that was closed
statement-payable-heading = What is payable in { $currency }
statement-working-closing = closing balance
statement-working-pending = - pending
statement-working-awaiting = - awaiting customers' payments
statement-awaiting = { $amount } become payable as the customers pay.
statement-working-disputed = - disputed
statement-working-payable = = payable
statement-pay = { $amount } are payable at the end of the month.
statement-pay-nothing = Nothing is payable at the end of the month.
statement-below-minimum = { $amount } are payable, less than the minimum payout of { $minimum }: they are carried forward.
statement-negative = The partner owes { $owed }: since the beginning { $earned } were earned, { $taken } taken back, { $paid } paid out, and { $collected } collected from customers by the partner. What is earned from now on is set off against it first.
statement-negative-other = Adjustments, cost shares and distributions come to { $amount } of the balance.
statement-payable-negative = Nothing is payable: what is pending or disputed exceeds the balance by { $amount }.
statement-available-on = { $amount } become available on { $day }.
statement-taken-on = { $amount } are taken back on { $day }, with the commission that they belong to.
statement-held = { $amount } are held by dispute { $dispute } about { $about } until it is resolved.
statement-reason-cost = cost of campaign { $campaign }
statement-reason-others-too = concerns others too
statement-reason-rate = { $rate } of { $base }, rule { $rule }
statement-reason-tiers = net sales from { $before } to { $after }, rule { $rule }
statement-reason-flat = flat amount, rule { $rule }
statement-reason-cut-off = { $amount } cut off by the cap
statement-reason-refund = refund { $refund } of { $amount } ({ $why })
statement-reason-reinstated = refund { $refund } undone
statement-reason-transfer-in = lead reassigned, commission moved here
statement-reason-transfer-out = lead reassigned, commission moved on
statement-reason-returned = payout { $payout } came back
statement-reason-advance = advance
statement-reason-tax = { $amount } of it withheld as tax
statement-reason-collected = { $amount } collected from the customer by the partner

statement-zone = Time zone
statement-zone-named = { $zone }, as was asked for
statement-zone-shared = { $zone }, which the terms of all agreements with the partner have
statement-zone-differ = { $zone }, as the terms of the agreements with the partner have different ones: { $zones }
statement-zone-none = { $zone }, as no terms with the partner are in force
statement-on-hold = { $amount } are payable at the end of the month, but payouts to the partner are on hold.
statement-in-transit = { $amount } of what was paid out are on their way, and have neither arrived nor failed.
statement-reason-failed = payout { $payout } did not arrive
statement-reason-tax-added = with { $amount } of tax on top
statement-reason-document = document { $number }
statement-reason-override = override of agreement { $agreement }, level { $level }
statement-reason-level = override, level { $level }
statement-reason-awaits = payable as the customer pays
statement-reason-bonus = { $amount } of it bonus
statement-reason-part = { $amount } of it concern this line
statement-reason-voided = sale voided
statement-reason-customer-paid = { $bounced ->
        [yes] a payment of the customer bounced
       *[no] the customer paid
    }: { $amount } ({ $receipt })
statement-reason-waited = what awaits the customer's payment
statement-reason-released = what the customer has paid for
statement-line = line
statement-level = level
statement-level-of = level { $level }

## disputes

disputes-lead = lead { $id }
disputes-sale = sale { $id }
disputes-payout = payout { $id }
disputes-none = no disputes
disputes-opened-by = opened by
disputes-holds = holds
disputes-claim = claim
disputes-open = open
disputes-held = { $amount } of { $partner }

## agreement

agreement-type = type
agreement-effective = effective
agreement-ends = ends
agreement-ends-by = { $time }, by { $cause }
agreement-supersedes = supersedes
agreement-superseded-by = superseded by
agreement-recruited-by = recruited by
agreement-uplines = earn with it
agreement-manager = manager
agreement-manager-of = { $manager } (of the { $side })
agreement-terms = Terms (position { $position })
agreement-versions = Versions of the terms
agreement-launch = Launch
agreement-reviews = Reviews
agreement-brand-uses = Brand uses
agreement-breaches = Breaches
agreement-in-force-from = in force from
agreement-step = step
agreement-done = done
agreement-review = review
agreement-held = held
agreement-summary = summary
agreement-brand-use = brand use
agreement-asked-by = asked by
agreement-channel = channel
agreement-asset = asset
agreement-requested = requested
agreement-awaited = awaited
agreement-approved = approved { $time }
agreement-declined = declined { $time }
agreement-breach = breach
agreement-by = by
agreement-clause = clause
agreement-reported = reported
agreement-cure-by = cure by
agreement-cured = cured
agreement-description = description

## append

append-progress = { $recorded } recorded
append-summary = { $recorded } recorded, { $duplicates } recorded before; the ledger is at position { $position }
append-earned-nothing =
    { $count ->
        [one] 1 sale earned nothing: { $reasons }
       *[other] { $count } sales earned nothing: { $reasons }
    }
append-nothing = 0 recorded
append-unreadable = cannot read { $file }: { $error }
append-line-unreadable = cannot read line { $line }: { $error }
append-line = line { $line }
append-too-long = MALFORMED: longer than { $bytes } bytes
json-enum = { $field }: '{ $value }' is not one of { $allowed }
json-at-column = { $error }, column { $column }
append-again = ; run the same command again: what is recorded is not recorded twice
append-no-outcome = the ledger gave an answer without an outcome
append-overloaded = the ledger is overloaded and takes nothing; run the same command again later
append-closed = the ledger closed the connection

## balance

balance-nothing = { $partner } has no balance: nothing has moved
balance-none = no partner has a balance
balance-accrued = accrued
balance-reversed = reversed
balance-adjusted = adjusted
balance-cost-share = cost share
balance-distributed = distributed
balance-collected = collected
balance-paid = paid
balance-in-transit = of that on its way
balance-returned = returned
balance-received = received
balance-net = net
balance-pending = pending
balance-awaiting = of it awaiting customers' payments
balance-disputed = disputed

## explain

explain-refunded = refunded
explain-product = product
explain-collected-by = collected by
explain-the-partner = the partner
explain-commission-left = commission left
explain-paid = of it paid
explain-rate = rate
explain-window = window
explain-window-of = from { $start } to before { $end }
explain-tiers = tiers
explain-cut-off = cut off by the cap
explain-commission = commission
explain-available-from = available from
explain-steps = Step by step
explain-what-happened = what happened
explain-terms = Terms applied
steps-registered = Partner { $partner } ({ $name }) was registered.
steps-signed =
    Agreement { $agreement } with { $partner } was signed, in effect from { $time }{ $applies ->
        [yes] ; the terms that it brought apply.
       *[no] .
    }
steps-amended =
    Agreement { $agreement } { $taken ->
        [yes] takes the terms of programme { $programme }
       *[no] was amended
    } from { $time } on{ $applies ->
        [yes] ; these terms apply.
       *[no] .
    }
steps-referred = Lead { $lead } was referred.
steps-owned =
    { $house ->
        [yes] The house
       *[no] { $partner }
    } owns lead { $lead } since { $since } because { $why }; { $credit ->
        [yes] agreement { $agreement } has the credit.
       *[no] no agreement has the credit.
    }
steps-sold =
    Sale { $sale } of { $amount } was made on { $time }; { $outcome }.{ $collected ->
        [yes] {" "}The partner collected it, and owes the house { $amount }.
       *[no] {""}
    }
steps-earned = { $amount } were earned by rule { $rule }: { $how }
steps-rate = { $rate } of { $base }
steps-rate-by-sale = { $rate } of { $base }, the rate at net sales of { $before }
steps-tiers = net sales rose from { $before } to { $after }, which earn { $earned_after } in place of { $earned_before }
steps-rate-by-count = { $rate } of { $base }, the rate after { $sales }
steps-tiers-count = the rate after { $sales }
steps-bonus = { $worked }; { $amount } of that is bonus
steps-flat = a flat amount
steps-cut-off = the cap cut off { $amount }
steps-available = available from { $time }
steps-awaits = payable as the customer pays
steps-no-credit = nothing was earned: no agreement has the credit of the lead
steps-agreement-ended = nothing was earned: agreement { $agreement } had ended, and its tail does not cover the sale
steps-no-terms = nothing was earned: agreement { $agreement } had no terms in force
steps-part = { $lined ->
        [yes] line { $line },{" "}
       *[no] {""}
    }agreement { $agreement }{ $above ->
        [yes] {" "}({ $level } above { $downline })
       *[no] { $shared ->
            [yes] {" "}({ $share })
           *[no] {""}
        }
    }
steps-voided = The sale was voided, with { $amount } left of it{ $some ->
        [yes] ; { $taken } of commission were taken back.
       *[no] .
    }
steps-customer-paid = { $bounced ->
        [yes] A payment of the customer bounced
       *[no] The customer paid
    }: { $amount } ({ $receipt }){ $released ->
        [some] ; { $commission } of commission no longer wait for it.
        [back] ; { $commission } of commission wait again.
       *[none] .
    }
explain-parts = Parts
explain-part = part
explain-base = base
explain-awaiting = awaits customer
explain-coupon = coupon
explain-paid-by-customer = paid by customer
explain-voided = voided
record-recorded = recorded at position { $position }: { $kind }, event { $event }
record-before = was recorded before, at position { $position }: { $kind }, event { $event }
record-would = would be recorded at position { $position }: { $kind }; nothing was recorded
record-again = with --event-id { $event } the same command may be run again: it is recorded once
records-voided = voided with { $amount } left
steps-included = nothing more was earned: rule { $rule } pays once per sale
steps-no-rule = nothing was earned: no rule of the terms matches
steps-window = nothing was earned: rule { $rule } pays from { $start } until { $end } only
steps-unspecified = the record does not say what was earned
steps-no-commission = nothing was earned: it names neither lead nor agreement, and counts in totals only
steps-refunded =
    Refund { $refund } took { $applied } of the sale; { $taken ->
        [some] { $amount } of commission were taken back.
        [exempt] no commission was taken back, for it was the house's fault.
        [untold] what it took of your commission is in your statement.
       *[none] no commission was taken back.
    }
steps-reinstated =
    Refund { $refund } was undone{ $given ->
        [yes] ; { $amount } of commission were given back.
       *[no] .
    }
steps-moved = The lead was reassigned; { $told ->
        [yes] { $amount } of unpaid commission
       *[no] unpaid commission
    } moved from { $from } to { $to }.
steps-paid = Payout { $payout } to { $partner } pays { $amount } of it.

## Access

whoami-what = what
whoami-value = value
whoami-principal = principal
whoami-authentication = known by
whoami-key = key
whoami-roles = roles
whoami-partner = partner
whoami-events = may append
whoami-none = nothing
whoami-scope = about
whoami-limits = limits
whoami-expires = until
config-good = { $file } is good: { $options } options
config-bad = { $file } is not good:{ $faults }
access-good = { $file } is good: { $principals } principals
access-bad = { $file } is not good:{ $faults }
access-no-principal = { $file } has no [[principal]] with the name { $principal }
access-keys-otherwise = the keys of { $principal } are not written as [[principal.key]]; write them so, or add the key by hand
access-key-added = key { $id } of { $principal } was added to { $file }, which has its hash alone: keep the key, it is not shown again
access-principal = principal
access-roles = roles
access-known-by = known by
access-appends = may append
access-scope = about
access-call = call
access-everybody = everybody who is known

## Failures

failure-fields = { $count } fields are bad
failure-no-address = no address of a ledger is given
failure-no-leader = none of the servers records at the moment; try again later
failure-connect = cannot connect to { $address }: { $error }; start a ledger with `partnership-ledger serve`, or name another --address
failure-address = --address { $address }: { $error }
failure-only-http = only http:// and https:// are supported
failure-key-in-the-open = a key or token would cross the network unencrypted; use https://
failure-no-key = { $file } has no API key or token
failure-no-certificate = { $file } has no certificate in PEM
failure-output = cannot write the output: { $error }
failure-idle = --{ $option } has no effect on `{ $command }`; leave it out
failure-refused = { $code }: { $sentence }

## lead

lead-aliases = also known as
lead-since = since
lead-decided = { $rule }, decided at position { $position }
lead-protected-until = protected until
lead-no-limit-or-awaited = no limit, or its approval is awaited
lead-awaited = its approval is awaited
lead-no-limit = no limit
lead-why = why
lead-acquired-by = acquired by
lead-match-keys = match keys
lead-reason = reason
lead-no-such-key = no lead has the match key { $key }: check it, match keys are compared letter by letter
lead-owners = Owners
lead-declined = Claims that were declined
lead-decided-at = decided at
lead-claimed-at = claimed at
lead-under = under
lead-held-by = held by
lead-earlier = earlier than the owner
lead-earlier-yes = yes: open a dispute
lead-earlier-no = no
lead-explained =
    { $owner } owns the lead since { $since } because { $why }; { $protection ->
        [always] protected without limit
        [awaited] protected while its approval is awaited
        [always-or-awaited] protected without limit, or while its approval is awaited
        [lost] lost on { $time }, so not protected
        [lapsed] no longer protected since { $time }
        [until] protected until { $time }
       *[dated] its protection has the date { $time }
    }.
lead-because =
    { $rule ->
        [FIRST_CLAIM] it was claimed first
        [HOUSE_LEAD] the house referred it first
        [PROTECTION_LAPSED] it was claimed after the protection before had lapsed
        [AFTER_LOSS] it was claimed after it had been lost
        [JOINT_ALLOCATION] the campaign's shares of leads gave it so
        [REASSIGNED] it was reassigned then
        [END_ACQUIRER_KEEPS] agreement { $agreement } ended, whose terms leave its leads where they are
        [END_TO_HOUSE] agreement { $agreement } ended, whose terms pass its leads to the house
        [END_TO_PARTNER] agreement { $agreement } ended, whose terms pass its leads to the partner
        [SUCCESSION] agreement { $agreement } took the place of the one before
       *[other] the record says so
    }

## payouts

payouts-none = nothing was paid out
payouts-tax-withheld = tax withheld
payouts-returned = returned
payouts-method = method
payouts-advance = { $method } (advance)
payouts-state = state
payouts-state-since = { $state } { $time }
payouts-tax-added = tax on top
payouts-settled-amount = left the bank as
payouts-document = document
payouts-summary-gross = gross
payouts-summary-tax-withheld-returned = tax withheld restored
payouts-summary-tax-added-returned = tax on top restored
payouts-summary-count = payouts
payouts-summary-none = nothing was paid out or came back
payouts-year = in { $year } ({ $zone })

## remittance

remittance-title = Remittance advice to { $partner }
remittance-partner = partner
remittance-sent = sent
remittance-paid = paid
remittance-gross = commission, gross
remittance-tax-withheld = - tax withheld
remittance-tax-added = + tax on top
remittance-total = = paid out
remittance-owed-before = owed before it
remittance-owed-after = owed after it
remittance-returned = What came back
remittance-return = return
remittance-in-transit = The money is on its way.
remittance-settled = The money arrived on { $day }.
remittance-failed = The money did not arrive: on { $day } all of it was given back.
remittance-currency = currency
remittance-advance = advance
remittance-yes = yes

## records

records-away = the ledger is away; all up to position { $position } was shown, and it goes on when it is back ({ $error })
records-back = the ledger is back
records-lost = the connection to the ledger broke: { $error }
records-none = no records
records-not-reached = there is no record { $from } yet, the last one is { $last } (POSITION_NOT_REACHED); --from { $next } begins with the next one
records-event = event
records-effects = effects
records-recorded = recorded
records-by = recorded by
records-assessed = { $outcome } by { $rule }
records-owner = owner { $owner } ({ $rule }), credit { $credit }
records-declined = claim declined, held by { $owner }
records-exclusivity = breaks the exclusivity of { $agreement }
records-approved = approved at once
records-ends = ends { $time } by { $cause }
records-protected = protected until { $time }
records-protected-always = protected without limit
records-refunded = refunded { $amount }
records-refunded-cut = refunded { $amount }, cut off { $cut_off }

## Terms, as agreement and explain show them

terms-commission = commission
terms-protection = lead protection
terms-house-leads = house leads
terms-house-leads-credited = sales of leads that the house acquires run through the agreement
terms-leads-at-end = leads at the end
terms-tail = commission after the end
terms-notice = notice
terms-exclusivity = exclusivity
terms-minimum-payout = minimum payout
terms-brand = brand
terms-campaigns-at-end = campaigns at the end
terms-campaigns-stop = stop
terms-ownership = ownership
terms-ownership-of = house { $house }, partner { $partner }
terms-cadence = cadence
terms-cadence-of = a check-in every { $check_in }, a review every { $review }
terms-refunds = refunds
terms-refunds-always = reverse commission even where the house is at fault
terms-owes = the { $side } owes
terms-time-zone = time zone
terms-rule = { $name }: { $what }
terms-nothing = nothing
terms-rate-sale = { $rate } of each sale
terms-rate-lead = { $rate } of each qualified lead
terms-flat-sale = { $amount } for each sale
terms-flat-lead = { $amount } for each qualified lead
terms-rate-above = { $rate } of { $of ->
        [commission] what is earned by agreements
       *[sale] each sale of agreements
    } { $level ->
        [1] that this one recruited
       *[other] { $level } levels below this one
    }
terms-coupons = only with { $coupons }
terms-customer = { $customer ->
        [new] only a lead's first purchase
       *[returning] only what a lead buys after the first purchase
    }
terms-minimum-sale = only sales of { $amount } or more
terms-max-per-sale = at most { $amount } per sale
terms-payable-on-customer = payable as the customer pays
terms-products = only for { $products }
terms-first-sales = for the first { $sales } of a lead
terms-window-referral = for { $months } from the referral
terms-window-first-sale = for { $months } from the first sale
terms-window-agreement = for { $months } from the agreement's start
terms-cap = at most { $amount } per lead
terms-hold = available after { $days }
terms-band = { $rate } from { $amount }
terms-band-bonus = { $rate } and { $bonus } of bonus from { $amount }
terms-tiers-count = { $bands } of each sale, by the number of sales { $period } before it
terms-tiers = { $bands } of net sales { $period }, { $how }
terms-tiers-lifetime = over the whole time
terms-tiers-per = per { $period }
terms-tiers-retroactive = on the whole total
terms-tiers-by-sale = on each sale by the total before it
terms-tiers-marginal = on each part of the total
terms-protected-always = without limit
terms-protected-referral = { $days } from the referral
terms-protected-approval = { $days } from the approval
terms-leads-to-house = pass to the house
terms-leads-to-partner = pass to the partner
terms-leads-stay = stay with their owners
terms-tail-days = for { $days } on leads acquired before
terms-tail-window = on leads acquired before, as long as the rule's window runs
terms-notice-none = none needed
terms-bound-both = both sides
terms-bound = the { $side }
terms-exclusive-months = { $bound } may not work with { $others }, for { $months }
terms-exclusive-end = { $bound } may not work with { $others }, until the agreement's end
terms-category = partners of category { $categories }
terms-nor-with = { $others }, nor with { $more }
terms-allowed = allowed: { $channels }
terms-to-be-approved = to be approved: { $channels }

## trial-balance

trial-balance-none = no account has moved
trial-balance-account = account
trial-balance-debit = debit
trial-balance-credit = credit
trial-balance-damaged = the accounts do not add up to zero: the ledger is damaged

## checkpoint, proof, verify-proof, audit, checkpoint-key, witness

proofs-bad-policy = { $file } is no good policy: { $error }
checkpoint-cosigned = cosigned by { $witnesses }
checkpoint-not-cosigned = not cosigned by { $witness }
checkpoint-no-quorum = the cosignatures are fewer than the ledger's own policy asks for
proof-same-file = { $file } is named for the proof and for the record: each needs a file of its own
proof-written = the proof that record { $position } is in a checkpoint of { $signed } records
verify-proof-well = record { $position } of { $origin } is as it stands in the signed checkpoint of { $size } records
verify-proof-no-witness = no witness has cosigned it: that the ledger shows the same to others is its word alone
audit-well = all is well: all { $size } records of { $origin } were hashed again and have the signed root { $root }
audit-goes-on = they go on from the { $before } records that were seen last
audit-first = nothing was seen before: from now on it is remembered
audit-found = { $finding }; the evidence is in { $directory }
checkpoint-key-new = the key is in { $file }, and what it has signed in { $state }: keep both, and never restore an older copy of the second
checkpoint-key-adopted = it has signed { $size } records, and signs nothing that contradicts them
witness-serves = cosigning as { $key }

## verify

verify-no-ledger-there = there is no { $place }: check --store and --ledger
verify-no-ledger = { $directory } holds no ledger: it has no wal directory
verify-problems =
    { $count ->
        [one] 1 problem was found
       *[other] { $count } problems were found
    }
verify-records = records
verify-records-in =
    { $records } in { $count ->
        [one] { $count } segment
       *[other] { $count } segments
    } of the log
verify-store = store
verify-store-of = { $records } of them
verify-root = tree root
verify-replayed = replayed
verify-accounts = accounts
verify-trial-balance = trial balance
verify-zero = zero at every position replayed
verify-not-zero = NOT zero
verify-note = note: { $note }
verify-problem = problem: { $problem }
verify-more = and { $count } more problems; --json lists them all
verify-well = all is well

## backup and restore

backup-needs-directory = --follow and --status need a directory: --to DIR
backup-terminal = a backup is not text: give it to a file or a command (> FILE, | COMMAND), or name a directory: --to DIR
backup-output = the standard output
backup-done =
    position { $position }, tree root { $root }: { $count ->
        [one] 1 record
       *[other] { $records } records
    } copied, { $bytes } bytes, in { $seconds } s
backup-store-once = a database is copied once, without --follow and --status: to go on copying, copy the running ledger
backup-silent = the ledger has been silent for a minute
backup-lost = the connection to the ledger broke: { $error }
backup-followed =
    position { $position }: { $count ->
        [one] 1 record
       *[other] { $records } records
    } more, { $behind } s behind
backup-away = the ledger is away; the copy is whole up to position { $position }, and goes on when it is back ({ $error })
backup-back = the ledger is back
backup-stopped = stopped at position { $position }, tree root { $root }
backup-files = files
backup-files-of = { $count } of { $bytes } bytes
backup-copied-at = last added to
backup-ledger-at = the ledger is at
backup-behind = behind
backup-up-to-date = by nothing
backup-behind-by =
    { $count ->
        [one] 1 record
       *[other] { $records } records
    }, the oldest recorded { $seconds } s ago
restore-input = the standard input
restore-not-empty = { $place } has records already: a backup is restored into a ledger that has none; take another --ledger
restore-is-led = a server leads { $place }: stop it first
restore-done = position { $position }, tree root { $root }: restored to { $directory }, { $bytes } bytes of records, in { $seconds } s
restore-checked = position { $position }, tree root { $root }: the backup is whole, { $bytes } bytes of records, checked in { $seconds } s

## partners

partners-name = name
partners-kind = kind
partners-categories = categories
partners-country = country
partners-registered = registered
partners-agreements = agreements
partners-fit = fit
partners-fits = fits
partners-fits-not = does not fit
partners-competes = competes
partners-none = no partners

## agreements

agreements-agreement = agreement
agreements-type = type
agreements-state = state
agreements-effective = effective
agreements-ends = ends
agreements-ends-by = { $time }, by { $cause }
agreements-none = no agreements

## programme, programmes

programme-programme = programme
programme-defined = defined
programme-agreements = agreements
programme-versions-count = versions
programme-terms-position = terms of position
programme-binds = binds
programme-binds-new = agreements that take effect from then on
programme-binds-existing = existing agreements too
programme-from-the-beginning = the beginning
programmes-none = no programmes

## leads

leads-lead = lead
leads-state = state
leads-owner = owner
leads-credit = credit
leads-since = since
leads-rule = rule
leads-protected-until = protected until
leads-acquired-by = acquired by
leads-none = no leads

## campaign and campaigns

campaign-campaign = campaign
campaign-title = title
campaign-type = type
campaign-state = state
campaign-starts = planned from
campaign-ends = planned until
campaign-started = started
campaign-ended = ended
campaign-stops = stops
campaign-summary = summary
campaign-participants = Participants
campaign-participant = participant
campaign-cost-share = cost share
campaign-lead-share = lead share
campaign-goal = goal
campaign-joint-leads = joint leads
campaign-deliverables = Deliverables
campaign-deliverable = deliverable
campaign-owed-by = owed by
campaign-weight = weight
campaign-due = due
campaign-delivered = delivered
campaign-not-yet = not yet
campaign-description = description
campaign-costs = Costs
campaign-cost = cost
campaign-amount = amount
campaign-paid-by = paid by
campaign-reach = Reach
campaign-measured-by = measured by
campaign-house-audience = house audience
campaign-partner-audience = partner audience
campaign-overlap = overlap
campaign-impressions = impressions
campaign-visits = visits
campaign-registrations = registrations
campaign-mentions = mentions
campaigns-with = with
campaigns-delivered = delivered
campaigns-delivered-of = { $delivered } of { $all }
campaigns-none = no campaigns

## metrics

metrics-of-all = Figures for everything
metrics-of-partner = Figures for partner { $id }
metrics-of-agreement = Figures for agreement { $id }
metrics-of-campaign = Figures for campaign { $id }
metrics-from = from { $time }
metrics-to = to before { $time }
metrics-fraction = { $percent } ({ $part } of { $whole })
metrics-leads-and-deals = Leads and deals
metrics-leads = leads
metrics-registrations = registrations
metrics-qualified = qualified
metrics-conversion = conversion
metrics-deals = deals
metrics-close-rate = close rate
metrics-money = Money
metrics-revenue = revenue
metrics-commission = - commission
metrics-net-revenue = = net revenue
metrics-cost = - cost of the house
metrics-net-result = = net result
metrics-average-deal = average deal
metrics-cost-per-registration = cost per registration
metrics-cost-per-qualified = cost per qualified lead
metrics-cost-per-deal = cost per deal
metrics-return-on-cost = return on cost
metrics-share-of-all-revenue = share of all revenue
metrics-share-of-partners = partners' share of it
metrics-out-of-range = beyond 64 bits
metrics-left-out = what is 0 here may be left out
metrics-reach = Reach
metrics-combined-audience = combined audience
metrics-uplift = uplift over the house's own
metrics-impressions = impressions
metrics-visits = visits
metrics-visit-rate = visit rate
metrics-mentions = mentions
metrics-effort = Effort by weight of what was due
metrics-participant = participant
metrics-due = due
metrics-delivered = delivered
## alerts

alerts-none = nothing needs looking at
alerts-since = since
alerts-alert = alert
alerts-what-to-do = what to do
alerts-missing-manager =
    In agreement { $agreement } with { $partner } { $side ->
        [house] the house has named no manager: assign one
        [partner] the partner has named no manager: have one assigned
       *[both] neither side has named a manager: assign one on each
    }
alerts-check-in-overdue =
    The check-in of agreement { $agreement } with { $partner } was due on { $due }, { $held ->
        [yes] the last was on { $last }
       *[no] none was held yet
    }: talk about progress, roadblocks and next month's plan, and record the review
alerts-review-overdue =
    The quarterly review of agreement { $agreement } with { $partner } was due on { $due }, { $held ->
        [yes] the last was on { $last }
       *[no] none was held yet
    }: look at the figures together and decide whether to continue, expand, renew, adjust or end, and record the review
alerts-effort = { $who } delivered { $delivered } of { $due } due
alerts-unequal-effort = In campaign { $campaign } { $efforts }: agree who delivers what until when
alerts-goals-differ = In campaign { $campaign } the participants want different things ({ $goals }): agree on one goal to measure it by
alerts-expiry-near = Agreement { $agreement } with { $partner } expires on { $ends }: renew it, or agree what becomes of its leads and campaigns
alerts-notice-ending = Agreement { $agreement } with { $partner } ends on { $ends } by notice: have the notice withdrawn, or settle leads, campaigns and payments until then
alerts-exclusivity-ending = The exclusivity of agreement { $agreement } with { $partner } ends on { $ends }: amend the terms if it is to last, or plan whom to work with then
alerts-exclusivity-breached = The exclusivity of agreement { $agreement } with { $partner } is broken by agreement { $by_agreement } with { $by_partner }: settle it with the partner, amend the exclusivity, or end one of the two
alerts-brand-use-undecided =
    { $side ->
        [house] The house
       *[partner] The partner
    } asked for brand use { $id } ({ $channel }) under agreement { $agreement } with { $partner }: approve or decline it
alerts-breach-uncured =
    { $side ->
        [house] The house
       *[partner] The partner
    } was to put breach { $id } ({ $clause }) of agreement { $agreement } with { $partner } right by { $due }: have it cured, set a new term, or terminate
alerts-negative-balance = { $partner } owes the house { $amount }: agree how it is paid back, or let coming commission fill it
alerts-payable-due = { $amount } is payable to { $partner }: pay it out and record the payment
alerts-dispute-open = Dispute { $id } about { $about } has been open since { $opened }: hear both sides and record how it is resolved
alerts-leads-without-earning-agreement =
    { $count ->
        [one] { $count } lead
       *[other] { $count } leads
    } of agreement { $agreement } with { $partner }, which has ended, no longer earn anything, though { $partner } has an active agreement: sign one that supersedes the ended one, or reassign them
alerts-hold-long = Payouts to { $partner } have been on hold ({ $id }) since { $placed }: find out what the hold was for, and lift it or settle the matter
alerts-protection-lapsing = Lead { $lead } of { $owner } is protected until { $ends }: qualify it, extend its protection, or leave it to who claims it next

## launch

launch-agreement = agreement
launch-partner = partner
launch-manager = manager
launch-manager-of = { $manager } (of the { $side })
launch-fit = fit
launch-not-assessed = not assessed
launch-fits = fits
launch-does-not-fit = does not fit
launch-competitor = does not fit: a competitor
launch-fit-marks = { $verdict } (of 5: complementary { $complementarity }, shared audience { $audience }, brand alignment { $brand })
launch-number = no.
launch-step = step
launch-done = done
launch-recorded-by = recorded by
launch-notes = notes
launch-passed-over = passed over
launch-follows = follows from the agreement
launch-next = next: { $step }
launch-complete = nothing, every step is behind you
launch-do-identified = identify 5 to 10 candidates
launch-do-contacted = reach out, by mail or by an introduction
launch-do-initial-call = hold a first call and find out whether you fit
launch-do-type-defined = define the type of partnership: co-marketing, integration, channel or joint venture
launch-do-agreement-drafted = draft the agreement: scope, revenue share, exclusivity
launch-do-legal-reviewed = have it reviewed by legal, if needed
launch-do-signed = sign the agreement
launch-do-kicked-off = hold the kick-off meeting and align on the first campaign
launch-do-first-campaign = run the first campaign
launch-do-results-reviewed = review the results: is it worth going on?
launch-do-decided = iterate or expand, if it was a success

## Words for the values of enums, named as the contract names them

authentication-none = not at all: everybody may do everything
authentication-api-key = an API key
authentication-token = a token
authentication-certificate = a client certificate
role-emitter = emitter
role-partner = partner
role-manager = manager
role-finance = finance
role-auditor = auditor
role-admin = admin
side-house = house
side-partner = partner

bound-house = house
bound-partner = partner
bound-both = both

commission-trigger-sale = sale
commission-trigger-lead-qualified = lead qualified
commission-trigger-recruited-sale = sale of a recruited agreement

customer-kind-new = new
customer-kind-returning = returning

payable-on-sale = sale
payable-on-customer-payment = customer payment

override-base-sale = sale
override-base-commission = commission

tier-measure-net-sales = net sales
tier-measure-sales = sales

window-anchor-lead-referred = lead referred
window-anchor-first-sale = first sale
window-anchor-agreement-effective = agreement effective

protection-anchor-referral = referral
protection-anchor-approval = approval

leads-at-end-acquirer-keeps = acquirer keeps
leads-at-end-house = house
leads-at-end-partner = partner

tail-mode-none = none
tail-mode-days = days
tail-mode-remaining-window = remaining window

campaigns-at-end-continue = continue
campaigns-at-end-stop = stop

tier-mode-marginal = marginal
tier-mode-retroactive = retroactive
tier-mode-by-sale = by sale

tier-period-month = month
tier-period-quarter = quarter
tier-period-year = year
tier-period-lifetime = lifetime

brand-channel-website = website
brand-channel-co-branded = co-branded
brand-channel-advertising = advertising
brand-channel-social = social
brand-channel-press-release = press release
brand-channel-other = other

partner-kind-reseller = reseller
partner-kind-affiliate = affiliate
partner-kind-technology = technology
partner-kind-agency = agency
partner-kind-media = media
partner-kind-joint-venture = joint venture
partner-kind-other = other

agreement-type-co-marketing = co-marketing
agreement-type-integration = integration
agreement-type-channel = channel
agreement-type-joint-venture = joint venture

termination-cause-notice = notice
termination-cause-mutual = mutual
termination-cause-breach = breach

launch-step-identified = identified
launch-step-contacted = contacted
launch-step-initial-call = initial call
launch-step-type-defined = type defined
launch-step-agreement-drafted = agreement drafted
launch-step-legal-reviewed = legal reviewed
launch-step-signed = signed
launch-step-kicked-off = kicked off
launch-step-first-campaign = first campaign
launch-step-results-reviewed = results reviewed
launch-step-decided = decided

review-kind-check-in = check-in
review-kind-quarterly-review = quarterly review

review-decision-continue = continue
review-decision-expand = expand
review-decision-renew = renew
review-decision-adjust = adjust
review-decision-end = end

breach-clause-exclusivity = exclusivity
breach-clause-brand-use = brand use
breach-clause-deliverables = deliverables
breach-clause-payment = payment
breach-clause-other = other

acquired-by-partner = partner
acquired-by-house = house
acquired-by-joint = joint

refund-reason-customer-request = customer request
refund-reason-chargeback = chargeback
refund-reason-fraud = fraud
refund-reason-error = error
refund-reason-house-fault = house fault

dispute-outcome-upheld = upheld
dispute-outcome-dismissed = dismissed
dispute-outcome-settled = settled

campaign-type-joint-webinar = joint webinar
campaign-type-co-branded-content = co-branded content
campaign-type-bundle-offer = bundle offer
campaign-type-cross-promotion = cross promotion
campaign-type-event-sponsorship = event sponsorship

campaign-goal-leads = leads
campaign-goal-sales = sales
campaign-goal-awareness = awareness
campaign-goal-content = content
campaign-goal-other = other

distribution-method-by-ownership = by ownership
distribution-method-capital-first = capital first

entry-kind-accrual = accrual
entry-kind-reversal = reversal
entry-kind-reinstatement = reinstatement
entry-kind-adjustment = adjustment
entry-kind-cost-share = cost share
entry-kind-distribution = distribution
entry-kind-collection = collection
entry-kind-payment = payment
entry-kind-payment-return = payment return
entry-kind-receipt = receipt
entry-kind-transfer = transfer
entry-kind-contribution = contribution
entry-kind-release = release

commission-outcome-accrued = accrued
commission-outcome-no-rule = no rule
commission-outcome-outside-window = outside window
commission-outcome-agreement-ended = agreement ended
commission-outcome-capped = capped
commission-outcome-no-credit = no credit
commission-outcome-included = included

ownership-rule-first-claim = first claim
ownership-rule-protection-lapsed = protection lapsed
ownership-rule-after-loss = after loss
ownership-rule-joint-allocation = joint allocation
ownership-rule-reassigned = reassigned
ownership-rule-house-lead = house lead
ownership-rule-end-acquirer-keeps = end acquirer keeps
ownership-rule-end-to-house = end to house
ownership-rule-end-to-partner = end to partner
ownership-rule-succession = succession

end-cause-expiry = expiry
end-cause-notice = notice
end-cause-mutual = mutual
end-cause-breach = breach

agreement-state-proposed = proposed
agreement-state-active = active
agreement-state-under-notice = under notice
agreement-state-expired = expired
agreement-state-terminated = terminated

lead-state-open = open
lead-state-qualified = qualified
lead-state-lost = lost

campaign-state-planned = planned
campaign-state-running = running
campaign-state-ended = ended
campaign-state-stopped = stopped

webhook-state-active = active
webhook-state-paused = paused
webhook-state-failed = failed for days
webhook-state-gone = gone
webhook-state-damaged = damaged
payout-state-in-transit = on its way
payout-state-settled = settled
payout-state-failed = failed
alert-kind-missing-manager = missing manager
alert-kind-check-in-overdue = check-in overdue
alert-kind-review-overdue = review overdue
alert-kind-unequal-effort = unequal effort
alert-kind-goals-differ = goals differ
alert-kind-expiry-near = expiry near
alert-kind-notice-ending = notice ending
alert-kind-exclusivity-ending = exclusivity ending
alert-kind-exclusivity-breached = exclusivity breached
alert-kind-brand-use-undecided = brand use undecided
alert-kind-breach-uncured = breach uncured
alert-kind-negative-balance = negative balance
alert-kind-payable-due = payable due
alert-kind-dispute-open = dispute open
alert-kind-protection-lapsing = protection lapsing
alert-kind-leads-without-earning-agreement = leads without an earning agreement
alert-kind-hold-long = long on hold

## The stories of `demo`

demo-recorded = { $count ->
    [one] { $count } event recorded
   *[other] { $count } events recorded
}
demo-refused = refused: { $reason }: { $message }
demo-owners = Who owns which lead before and after the agreements' end
demo-explained = An explained commission
demo-owed = What everybody is owed today
demo-over = That ledger is gone now. To keep one running, and to ask it from another terminal:
demo-console = The ledger of these stories is up until Ctrl-C. Look at it in a browser: { $url }
demo-sources = From the sources, `cargo run --release --` stands for `partnership-ledger`.
demo-referral = Referrals earn 20 % commission for 12 months
demo-referral-says = Beacon refers a bakery on 3 February 2025. It buys three times: within the window, within it again, and after it.
demo-marketplace = An integration partner: 100 customers × 500 dollars at 20 %
demo-marketplace-says = Northwind lists the integration in its marketplace: 50000.00 USD of revenue, of which 20 % are Northwind's.
demo-payout = A payout, a refund after it, and a payout too many
demo-payout-says = Northwind is paid what is payable. Then a customer wants the money back: the reversal makes the balance negative, later sales fill it. Nothing that was paid is un-paid.
demo-claims = Two partners claim the same customer
demo-claims-says = Harbor claims the bakery while Beacon's claim is protected. The claim is declined and kept, and Harbor disputes the lead: its commission is held until the dispute ends.
demo-webinar = Campaign 1, a joint webinar: 500 registrants, 50 qualified leads, 5 deals
demo-webinar-says = Lumen Mail, a co-marketing partner, invites its list. The webinar costs 2000.00 USD of time and brings 25000.00 USD: 10 % qualify, 10 % of them buy.
demo-content = Campaign 2, co-branded content: 50 000 and 100 000 readers
demo-content-says = A guide written with สยามสตูดิโอ reaches both audiences: 150 000 readers, three times the house's own.
demo-bundle = Campaign 3, a bundle offer through a channel partner
demo-bundle-says = Tranquil sells its yearly plan with three months of the house's product. Each bundle earns it 5 dollars.
demo-badges = Campaign 4, cross-promotion: badges on every shop
demo-badges-says = The house shows "Powered by Payline" two million times and more. Payline wants sales, the house awareness, and the newsletter that Payline owes does not come: the ledger says so.
demo-booth = Campaign 5, a sponsored event: a booth of 40 000 dollars, shared
demo-booth-says = Orbit pays 35000.00 USD and the house 5000.00 USD, at 50/50: the house owes Orbit 15000.00 USD. Of the 101 leads 51 fall to the house and 50 to Orbit.
demo-venture = A joint venture, 50/50: capital first, then the profit
demo-venture-says = The house put in 600000.00 USD and Nordvox 400000.00 USD. Of 1200000.00 USD each side first gets its capital back, then half of the rest.
demo-relationship = The relationship: who looks after it, and what was forgotten
demo-relationship-says = Lumen's launch is told step by step, with a check-in, a quarterly review and two requests to use the brand. Then nobody talks for months.
demo-exclusivity = Exclusivity for 12 months
demo-exclusivity-says = The house has promised Northwind not to work with another storefront until 15 January 2026. Cartwheel is one: its agreement is refused before that day, and fine from then on.
demo-termination = Termination with 30 days' notice
demo-termination-says = Both agreements are ended by a notice of 1 October 2025. Beacon's leads stay with the acquirer and earn on; Harbor's pass to the house.
demo-split = A deal that two partners share
demo-split-says = Quarry found the customer and Summit convinced it: of a sale of 10000.01 USD 60 % are Quarry's and 40 % Summit's, to the cent. Each earns by its own agreement.
demo-trial = A trial that converts
demo-trial-says = A sale of nothing begins the trial, earns nothing and is no first order. The first order that is paid earns Juniper 30 %, all later ones 10 %.
demo-void = A sale that never was
demo-void-says = The second order was recorded twice. A refund would say that the customer changed its mind; the void says that there was no such sale, and takes back all that it earned.
demo-instalments = Commission as the customer pays
demo-instalments-says = Of 9000.00 USD Kestrel earns 10 %, payable as the customer pays. The customer pays a third, and another third, which bounces: what had become payable waits again.
demo-circle = A programme of two levels
demo-circle-says = Maple recruited Birch and Birch recruited Cedar, all on the programme's terms. Of Cedar's sale Birch earns 5 %, and Maple a tenth of what Cedar earns.
demo-failed = A payout that fails and is sent again
demo-failed-says = Cedar's account is closed, and the money comes back to what is owed. Sent again to the new account, it arrives.
demo-programme = What the programme brings: 15 to 30 % of revenue
demo-programme-says = Beside its partners the house sold for 236000.00 USD itself in 2025.

## import

import-copies = the file is too large for a preview: reading the whole ledger to decide it, which takes its time and memory
import-line = line { $line }: { $what }
import-column = column { $column }: { $what }
import-not-an-amount = "{ $text }" is no amount such as { $example }; correct it, or say in the mapping how amounts are written
import-too-many-decimals = { $text } has { $decimals } decimals, but { $currency } has { $allowed }; round it where it comes from
import-not-minor-units = { $text } has decimals, but the mapping says that it counts minor units; correct one of the two
import-too-large = { $text } is beyond any amount that the ledger takes; correct it
import-unknown-currency = "{ $text }" is no ISO 4217 code such as USD; correct it, or translate it under values
import-not-a-time = "{ $text }" is no time written as { $form }; correct it, or name its form under dates
import-not-buddhist-era = "{ $text }" has the year { $year }, which is none of the Buddhist era (2569 is 2026); correct it, or say buddhist_era = false
import-not-yes-or-no = "{ $text }" is neither yes nor no; correct it, or translate it under values
import-unknown-word = "{ $text }" is none of { $words }; correct it, or translate it under values
import-empty = is empty, but every row needs { $field }; fill it in, or name a default
import-cell-count = the row has { $cells } cells, but the first row has { $columns }; quote cells that hold the separator, a quote or a line end
import-changed = a row of this id was imported before with other content, and that stands; undo what has changed, or give the row another id
import-done = { $recorded } recorded, { $before } recorded before, { $refused } refused
import-would = { $recorded } would be recorded, { $before } are recorded already, { $refused } would be refused
import-left-out = { $summary }, { $count } left out
import-nothing = { $summary }; nothing was recorded
import-at = { $summary }; the ledger is at position { $position }
import-were-refused = { $count ->
    [one] 1 row was refused; mend it and run the same command again
   *[other] { $count } rows were refused; mend them and run the same command again
}
import-would-be-refused = { $count ->
    [one] 1 row would be refused
   *[other] { $count } rows would be refused
}

## Webhooks

webhooks-none = no webhooks
webhooks-name = webhook
webhooks-state = state
webhooks-lag = behind
webhooks-failures = failed
webhooks-url = delivered to
webhooks-why = why the last one failed
webhooks-taken = it was taken: { $status }
webhooks-not-taken = the test was not taken by { $name }: { $why }
webhooks-removed = { $name } is forgotten
webhooks-secret = this is the secret of { $name }: keep it, it is not shown again; signatures v1a are checked by { $key }

## The console

console-name = Partnership Ledger
console-skip = Skip to the content
console-navigation = Pages
console-overview = Overview
console-partners = Partners
console-agreements = Agreements
console-leads = Leads
console-sales = Sales
console-payables = Payables
console-payouts = Payouts
console-disputes = Disputes
console-campaigns = Campaigns
console-metrics = Metrics
console-alerts = Alerts
console-records = Records
console-search = Search
console-search-hint = Id, name, match key, position
console-search-go = Search
console-found = Found for “{ $wanted }”
console-nothing-found = Nothing is known by this id, name or match key.
console-what = what
console-open = Open on this machine
console-open-hint = Whoever reaches this address may see and do everything: there is no access file.
console-log-out = Log out
console-moment-now = As of now
console-as-of = As of the end of
console-position = As known at position
console-position-latest = latest
console-moment-go = Show
console-not-now = This is not the present: { $moment }.
console-back-to-now = Back to now
console-known-at = as known at position { $position }
console-no-position = There is no position { $text }: positions are whole numbers from 1.
console-no-month = There is no month { $text }: months are written like 2025-03.
console-cite = Link to exactly this
console-first-page = First page
console-next-page = Next page
console-all = Show all
console-any = any
console-filter = Filter
console-figures = Figures
console-left-out = { $count } older entries are left out, as the answer would be too large; an earlier position shows them.
console-not-found = Not known here
console-no-page = There is no such page.
console-forbidden = Not for you
console-bad-request = That cannot be read
console-busy = Too much at once
console-refused = Refused
console-to-overview = To the overview
console-about = About
console-id = id
console-more = more
console-notes = notes
console-categories = categories
console-category = Category
console-country = country
console-registered = registered
console-standing = standing
console-on-hold = payouts on hold
console-fits = fits well
console-fits-not = does not fit
console-hold = hold
console-no-partners = No partners
console-no-agreements = No agreements
console-no-leads = No leads
console-no-sales = No sales
console-no-campaigns = No campaigns
console-balance = Balance
console-balance-part = part
console-nothing-moved = Nothing has moved yet.
console-closed = Everything before { $time } is closed.
console-every-entry = Every entry of this balance
console-payable-over-time = Payable over time
console-payable-at-month-end = What was payable at the end of each month, { $currency }
console-payable-at-end = payable at the end
console-month = month
console-month-hint = Month, such as 2025-03
console-leads-owned = Leads that it owns
console-leads-credited = leads with its credit
console-owned-by = Owned by
console-match-key = Match key
console-records-about = its records
console-record-of = record { $position }
console-statement = Statement
console-statement-of = Statement of { $partner }
console-timeline = Timeline
console-timeline-of = Who owned { $lead } from when to when
console-timeline-table = The timeline as a table
console-declined = declined claim
console-now = now
console-why = Why
console-lines = Lines
console-payables-hint = The payout proposal: what is payable, not on hold and not below the minimum.
console-which = Which
console-all-payables = with those on hold or below the minimum
console-pay-partner = Pay { $partner }
console-from-day = From day
console-to-day = To day
console-go-to = Go to position
console-record = Record
console-record-title = Record { $position }: { $event }
console-recorded = It is recorded.
console-event = Event
console-event-id = event id
console-no-effects = It moves no money and no owner by itself. What it holds, ends or allows is seen on the pages of whom it is about.
console-one-subject = A dispute is about one thing: fill in the lead, the sale or the payout, and leave the others empty.
console-postings = Postings
console-account = account
console-effective = effective
console-proof = Proof to download
console-record-before = Record before
console-record-after = Record after
console-revenue = Revenue
console-revenue-by-month = Revenue by month, { $currency }
console-owed-to-you = What you are owed
console-how-so = How this comes about
console-integrity = Integrity
console-trial-balance = trial balance
console-balanced = comes to zero in every currency
console-not-balanced = does not come to zero
console-root = root of the records
console-over-records = over { $count } records
console-checkpoint = last checkpoint
console-checkpoint-at = signed at position { $position } by { $origin }
console-no-checkpoint = not signed: the ledger has no checkpoint key
console-witnesses = witnesses
console-participants = participants
console-figure = figure
console-value = value
console-funnel = From leads to deals
console-act-payout = Record a payout
console-act-hold = Put payouts on hold
console-act-lift = Lift the hold
console-act-resolve = Resolve
console-act-brand = Decide
console-act-reassign = Reassign
console-act-extend = Extend the protection
console-act-notice = Give notice
console-act-refer = Register a lead
console-act-dispute = Open a dispute
console-act = Act
console-act-resolve-dispute = Resolve a dispute
console-act-brand-use = Decide a brand use
console-act-reassign-lead = Reassign a lead
console-act-extend-lead = Extend the protection of a lead
console-act-notice-agreement = Give notice of termination
console-optional = (optional)
console-yes = yes
console-approve = approve
console-decline = decline
console-advance = An advance: more than is payable
console-resolution = what was found
console-to-agreement = To agreement (empty: to the house)
console-transfer = Unpaid commission moves with it
console-days = days more
console-given-by = given by
console-ends-on = ends on (empty: after the notice period)
console-match-keys = match keys, a line each
console-occurred-at = When it happened (UTC)
console-no-number = { $text } is no whole number.
console-no-amount = { $amount } { $currency } is no amount: write it like 1,234.50 and the currency like USD.
console-may-not = you may not record events of the type { $event }
console-would-be-refused = The ledger would refuse this:
console-preview = See what comes of it
console-preview-hint = Nothing is recorded yet. It will be recorded by { $person }.
console-cancel = Cancel
console-record-it = Record it
console-change = Change
console-for-good = What is recorded stays for good; the form may be sent again without harm.
console-confirm = { $action }: is this right?
console-what-is-recorded = What will be recorded
console-what-comes-of-it = What comes of it
console-recorded-before = This is recorded already, as record { $position }.
console-log-in = Log in
console-api-key = API key
console-api-key-hint = It begins with plk_. The browser keeps it sealed until you log out, or until a quarter of an hour without a visit.
console-log-in-with = Log in with { $issuer }
console-login-over = This login is over: begin again.
console-login-failed = The login did not come about. The server's log says why.
console-token-too-long = The issuer's token is too long for a session.
console-bytes = Exact bytes that it proves
console-last-month = End of last month
console-last-quarter = End of last quarter
console-last-year = End of last year
console-whole-record = The whole record
console-tiers = Tiers reached
