# The words that agents, screens and the public use. One catalogue for every channel.
# Each reason: headline, .say (what to say), .do (the next step), .contact (whom to turn to).

## Dates

date = { $day } { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
} { $year }
moment = { $date }, { $hour }:{ $minute } WIB

## Status

status-white = SERVED
    .say = This device may be used.
status-grey = SERVED, WATCHED
    .say = The networks still serve this device.
status-unknown = NOT KNOWN
    .say = The register does not know this device; the operator's network decides whether to serve it.
status-black = BLOCKED
    .say = The networks do not serve this device.

## Reasons

malformed = NOT A VALID IMEI
    .say = What was read is no IMEI.
    .do = Read the IMEI again with *#06#: 15 digits, no letters.
    .contact = the operator
court = BLOCKED – REGULATION
    .say = A court's order stands against this device.
    .do = This device may not be used; ask which rule it rests on.
    .contact = Call centre 159
barred = BLOCKED – REGULATION
    .say = The regulator has barred this device.
    .do = This device may not be used; ask which rule it rests on.
    .contact = Call centre 159
stolen = BLOCKED – REPORTED LOST OR STOLEN
    .say = This device was reported stolen.
    .do = If it has been found, ask for it to be taken off the black list.
    .contact = the operator that reported it, and the police
lost = BLOCKED – REPORTED LOST OR STOLEN
    .say = This device was reported lost.
    .do = If it has been found, ask for it to be taken off the black list.
    .contact = the operator that reported it, and the police
tac-barred = BLOCKED – REGULATION
    .say = This model may not be sold or used in Indonesia.
    .do = This device may not be used; ask which rule it rests on.
    .contact = Call centre 159
exempt = { $ends ->
    [yes] EXEMPT until { $until }
   *[no] EXEMPT
}
    .say = This device is exempt from registration.
    .do = No registration is needed.
    .contact = Call centre 159
roamer = FOREIGN SIM
    .say = The SIM is a foreign one (roaming), so no registration is needed.
    .do = No registration is needed while the SIM is a foreign one.
    .contact = the operator
test-tac = TEST IMEI
    .say = This IMEI is a test number, not that of a device on sale.
    .do = This IMEI is for tests only: claim from the seller.
    .contact = the seller or the brand
paired = { $ends ->
    [yes] ALLOWED FOR THIS NUMBER until { $until }
   *[no] ALLOWED FOR THIS NUMBER
}
    .say = This device is allowed together with this number.
    .do = Use it with this number only; for another number, ask the operator.
    .contact = the operator
duplicate = DUPLICATE IMEI
    .say = More than one device is suspected to use this IMEI.
    .do = Bring the device and the proof of purchase: more than one device uses this IMEI.
    .contact = the operator
registered = { $ends ->
    [yes] REGISTERED until { $until }
   *[no] REGISTERED
}
    .say = This IMEI is registered.
    .do = Nothing to do. No signal: check the IMEI of each slot (*#06#), try another SIM.
    .contact = the operator
temporary = { $ends ->
    [yes] REGISTERED FOR A TIME until { $until }
   *[no] REGISTERED FOR A TIME
}
    .say = This IMEI is registered for a time.
    .do = It counts until 24:00 WIB on that day.
    .contact = the operator
exempt-type = EXEMPT
    .say = This kind of device is outside the HKT rule.
    .do = EDC terminals, modems and laptops are outside the HKT rule: no registration.
    .contact = the operator's corporate desk
grandfathered = ALLOWED – OLDER DEVICE
    .say = This device was in use in Indonesia before the rule began.
    .do = Used before the rule began: not restricted, no registration.
    .contact = the operator
suspended = SUSPENDED – BEING INVESTIGATED
    .say = The registration of this device is suspended while it is investigated.
    .do = Its registration is being investigated: keep the proof of purchase, wait for the outcome.
    .contact = Call centre 159
pairing-mismatch = NUMBER DOES NOT MATCH
    .say = This device is allowed for another number, not for this one.
    .do = Use the number that was registered with this device.
    .contact = the operator
number-needed = NUMBER NEEDED
    .say = This device is allowed for certain numbers; without a number there is no certain answer.
    .do = Name the number that is used in this device, then check again.
    .contact = the operator
expired = { $ends ->
    [yes] ENDED { $until }
   *[no] ENDED
}
    .say = The registration of this device has ended.
    .do = Tourists: register again at an operator's outlet with the passport.
    .contact = the operator
not-registered = { $status ->
    [black] BLOCKED – NOT REGISTERED
   *[other] NOT REGISTERED YET
}
    .say = This IMEI is not registered yet.
    .do = Brought along: register at a customs office within 60 days; bought here: claim from the seller.
    .contact = Customs (Bea Cukai), the seller

## For the public: of a block by police or regulation its kind only

public-police = BLOCKED – REPORTED LOST OR STOLEN
    .say = This device was reported lost or stolen.
    .do = If it is yours and has been found, ask for it to be taken off the black list.
    .contact = the operator that reported it, and the police
public-regulation = BLOCKED – REGULATION
    .say = This device is blocked by regulation.
    .do = This device may not be used; ask which rule it rests on.
    .contact = Call centre 159

## Notes

note-in-process = BEING PROCESSED: this IMEI was received in batch { $batch } and waits for approval; no network sees it yet.
note-planned = PLANNED: this IMEI is in a plan of production (batch { $batch }), not made yet and not registered.
note-outdated = DATA NOT UP TO DATE: the data here are { $age } old; the network's answer may differ.
note-override = OVERRIDE { $number }: for a time the status is set for all devices; the reason stays.
note-sim-changed = SIM CHANGE: this number is not the one known for that IMSI; the number decides.
note-not-now = NOT NOW: this answer is for { $moment }, revision { $revision }.
note-check-digit = THE 15TH DIGIT IS WRONG: the first 14 need { $digit }. A digit is mistyped or two are swapped; the answer is for the first 14.
note-maybe-imsi = MAY BE AN IMSI: these digits may also be a SIM; put imsi- before them to look that up.
note-two-readings = TWO READINGS: as an IMEI the 15th digit is wrong; as an IMSI the digits are a SIM of { $operator }. Read here as an IMEI; put imsi- before them to look the SIM up.
note-others-hidden = NUMBERS OF OTHER OPERATORS: { $count } pairings of other operators' subscribers are not shown.
note-maybe-nik = THIS MAY BE A NIK OR KK: do not type these; nothing is looked up by them, and it was not kept.

## What changes the answer

remedy-correct-imei = If the IMEI is read correctly
remedy-lift-block = If it leaves the black list
remedy-lift-model = If the bar of the model is lifted
remedy-clear-suspicion = If the suspicion of duplication is cleared
remedy-restore = If the investigation ends and the registration is restored
remedy-renew = If the registration is renewed
remedy-name-number = If the number that it is paired with is named
remedy-pair = If the operator pairs it with this number
remedy-register = If it is registered

## What happened

deed-listed = listed
deed-listed-with = listed with { $other }
deed-corrected-from = listed instead of { $other }, a typing error
deed-corrected-to = taken off as a typing error; { $other } was meant
deed-taken-off = taken off batch { $other }
deed-paired = paired with { $other }
deed-released = released from { $other }
deed-linked = the same phone as { $other }
deed-model-exempt = its model is outside the rule
deed-model-inside = its model is inside the rule again
deed-model-barred = its model is barred
deed-model-free = its model is barred no more
deed-sim-has = the SIM gets the number { $other }
deed-sim-leaves = the SIM leaves the map of subscribers

## Terms

door-tpp-production = Ministry of Industry, production (TPP)
door-tpp-import = Ministry of Industry, import (TPP)
door-customs-passenger = Customs, passengers
door-customs-parcel = Customs, parcels
door-operator-tourist = an operator's outlet, tourists
door-state = Komdigi, state and diplomats
door-grandfathered = operators, older devices
door-stolen = operators, reports of theft
door-lost = operators, reports of loss
door-gsma-blocklist = GSMA Block List
door-barred = regulator, bars
door-court = court
door-non-hkt = regulator, outside HKT
door-operator = operators, pairings
door-gsma-tac = GSMA TAC catalogue
class-registered = registered
class-grandfathered = older device
class-exempt = exempt
class-stolen = stolen
class-lost = lost
class-barred = barred
class-court = court's order
class-duplicate = suspected duplicate
class-allowance = allowed for a number
class-binding = bound to a number
class-exempt-type = kind outside the rule
class-barred-soft = model may not be sold
class-barred-hard = model barred
state-valid = in force
state-staged = being prepared
state-submitted = received, waits for approval
state-active = in force
state-suspended = suspended
state-withdrawn = withdrawn
state-rejected = rejected
state-expired = ended
state-discarded = given up
state-planned = planned

## Labels

label-device = Device
label-number = Number
label-document = Document
label-batch = Batch
label-model = Model
label-say = Say
label-do = Next step
label-contact = Contact
label-operators = On networks
label-all-operators = all operators
label-other-operators = other operators
label-national = national
label-without-number = no number
label-with-number = with number
label-foreign-sim = foreign SIM
label-evidence = Evidence
label-decides = decides
label-until = until
label-change = Would change
label-from = From
label-pairings = Pairings
label-asked = this number
label-released = released
label-other-imei = Other IMEI
label-history = History
label-notes = Notes
label-suggestion = Perhaps meant
label-known = known to the register
label-quantity = quantity
label-drawn = drawn
label-left = left
label-devices = rows
label-operator = operator
label-data = Data
label-revision = revision
label-nothing = nothing is on record
label-by = by
label-approved-by = approved by
label-refusals = Last refusals
label-cases = Open cases
label-more = more
label-registration = SIM registration

## Questions and answers

help-signal-lost = The signal went away all at once
    .answer = Check the IMEI of each slot (*#06#) and try another SIM; the IMEI need not be the cause.
    .contact = the operator
help-customs-not-ministry = Registered with Customs, but the Ministry of Industry's site says "not registered"
    .answer = As expected: passengers' and parcels' devices are on record with Customs.
    .contact = Customs (Bea Cukai)
help-how-long = How long until it works?
    .answer = Up to 2 x 24 hours, about 2 working days.
    .contact = Customs (Bea Cukai)
help-sent-no-signal = The data were sent, and still no signal
    .answer = Restart the device; see which operator has received the data.
    .contact = the operator, then 159
help-before-rule = In use before the rule began
    .answer = Not restricted; no registration.
    .contact = -
help-second-slot = Slot 1 has a signal, slot 2 has none
    .answer = This device has two IMEIs, and each must be registered.
    .contact = the operator and the brand
help-change-sim = May I change the SIM?
    .answer = Registered devices: yes. Older devices: as the operator decides.
    .contact = the operator
help-tourist = A tourist for less than 90 days with a local SIM
    .answer = Register at an operator's outlet with the passport.
    .contact = the operator
help-roaming = A foreign SIM (roaming)
    .answer = No registration is needed.
    .contact = -
help-from-abroad = Bringing a device from abroad
    .answer = At most 2 units, declared on arrival; at a customs office within 60 days.
    .contact = Customs (Bea Cukai)
help-after-60-days = More than 60 days ago
    .answer = It cannot be registered.
    .contact = 159 (policy)
help-second-hand = Bought second-hand, "ex-inter"
    .answer = It cannot go through Customs.
    .contact = the seller
help-unlock = "Unlock" services
    .answer = They break the law and do not last.
    .contact = report to 159 / the police
help-stolen = Lost or stolen
    .answer = Go to the operator with the police letter.
    .contact = the operator and the police
help-recovered = Found again
    .answer = Ask for it to be taken off the black list.
    .contact = the operator that reported it
help-mistyped = The IMEI was mistyped at registration
    .answer = It can be corrected for 30 days.
    .contact = the customs office of the registration
help-machines = EDC terminals, modems, laptops
    .answer = Outside the HKT rule.
    .contact = the operator's corporate desk
help-batam = A phone from Batam taken to another region
    .answer = It leaves the free zone: it must be declared.
    .contact = Customs (Bea Cukai)
help-new-no-signal = A new official phone without signal
    .answer = Claim from the seller; the brand checks both IMEIs.
    .contact = the seller / the brand, Ministry of Industry
help-nik = NIK or KK fails
    .answer = That is the registration of the SIM, not of the IMEI; an inactive NIK goes to Dukcapil.
    .contact = the operator 4444, Dukcapil
help-policy = Questions of policy
    .answer = Call centre 159 explains the policy, not the operator.
    .contact = Call centre 159

## Cases of the call centre

case-kind-legal-blocked = legal device that is blocked
case-kind-paid-unlisted = paid at customs, not listed yet
case-kind-second-slot = second slot without signal
case-kind-stolen = stolen or lost
case-kind-recovered = found again
case-kind-cloned = IMEI used by other devices
case-kind-subscriber = registration of the SIM (NIK and KK)
case-kind-other = other
case-state-open = being handled
case-state-waiting = waiting for the caller
case-state-closed = closed
case-owner-operator = operator
case-owner-customs = Bea Cukai (customs)
case-owner-ministry = Kemenperin (ministry)
case-owner-dukcapil = Dukcapil
case-owner-159 = call centre 159
case-act-opened = opened
case-act-noted = noted
case-act-assigned = assigned
case-act-handed-over = handed over
case-act-waits-for-the-caller = waits for the caller
case-act-resumed = resumed
case-act-closed = closed
case-act-reopened = reopened
case-act-erased = personal content erased

## The console's pages

screen-skip = Skip to the content
screen-nav = Pages
screen-nav-search = Search
screen-nav-help = Questions
screen-sign-in = Sign in
screen-sign-in-text = The console of the equipment register: for agents, ministries and operators.
screen-sign-in-do = Sign in
screen-sign-out = Sign out
screen-by-password = With a password
screen-by-token = With a token
screen-by-token-text = The first time, or when the password is forgotten: use the administrator's token, then set a password.
screen-name = Name
screen-password = Password
screen-token = Token
screen-wrong-password = Name or password is wrong.
screen-wrong-token = This token does not count: ask an administrator for another.
screen-wait-seconds = Too many failures. Wait { $other } seconds and try again.
screen-wait = Too many failures. Wait a while and try again.
screen-roles = Roles
screen-no-roles = No roles yet: ask an administrator.
screen-set-password = A new password
screen-set-password-do = Set the password
screen-password-rules = 15 to 128 characters, four or five words that do not belong together, say; without your own name.
screen-password-set = The new password counts; your other sessions have ended.
screen-present-password = Present password
screen-new-password = New password
screen-password-again = Once more
screen-passwords-differ = The two new passwords differ.
screen-search-heading = Search for a device or a number
screen-search-label = IMEI, number, IMSI, document, batch or case
screen-search-do = Search
screen-search-forms = Type, paste or scan it in any form. The key / always leads back to this box.
screen-search-more = Another number, operator or time
screen-search-number = With the subscriber's number
screen-search-operator = The answer for the operator
screen-search-on = At the time (WIB)
screen-search-as-of = As of revision
screen-search-again = Search again: IMEI, number, document, batch, case
screen-wrong-empty = Type an IMEI, a number, an IMSI, a document or a batch.
screen-wrong-text = This is no IMEI, number, IMSI, document or batch.
screen-wrong-number = The subscriber's number cannot be read.
screen-wrong-operator = The operator's name is too long.
screen-wrong-moment = The time or revision cannot be read.
screen-wrong-batch = There is no such batch, or it is another operator's.
screen-wrong-other-operator = You ask for your own operator and for nobody else.
screen-wrong-as-of = The register never had that revision.
screen-number = Number
screen-document = Document
screen-batch = Batch
screen-model = Model
screen-revision = revision
screen-override = override { $other }
screen-from-moment = From { $other }
screen-asked-with = Asked together with { $other }
screen-do = Next step
screen-contact = Contact
screen-meant = Perhaps meant
screen-known = known to the register
screen-changes = What would change the answer
screen-others = Other IMEIs of this device
screen-networks = On the operators' networks
screen-operator = Operator
screen-with-number = With that number
screen-without-number = Without a number
screen-foreign-sim = With a foreign SIM
screen-all-operators = all operators
screen-other-operators = other operators
screen-check-with = Check together with the number
screen-check-do = Check
screen-evidence = Evidence, in the order of precedence
screen-nothing = Nothing is on record.
screen-until = until { $other }
screen-decides = decides
screen-pairings = Paired numbers
screen-this-number = this number
screen-history = History
screen-by = by { $other }
screen-approved-by = approved by { $other }
screen-more = … { $other } more
screen-devices = Devices
screen-answer = Answer
screen-released = released
screen-holder = Holder
screen-quantity = Quantity
screen-drawn = Drawn
screen-left = Left
screen-valid-until = Valid until
screen-state = State
screen-kind = Kind
screen-door = Door
screen-rows = Rows
screen-help-heading = What callers ask
screen-to-start = To the first page
screen-trouble-no-such-page = There is no such page
screen-trouble-no-such-page-text = That address is not known.
screen-trouble-strange-form = The form is refused
screen-trouble-strange-form-text = This form does not come from this console.
screen-trouble-old-form = The form is old
screen-trouble-old-form-text = The session has changed since that page was opened. Reload the page and send it again; nothing was changed.
screen-trouble-unread-form = The form cannot be read
screen-trouble-unread-form-text = The form is too large or damaged; nothing was changed.
screen-trouble-loading = The register is being loaded
screen-trouble-loading-text = Try again in a moment.
screen-trouble-not-for-you = Not for your role
screen-trouble-not-for-you-text = This page is for other roles. Roles are granted by two administrators.
screen-trouble-no-result = This result is gone
screen-trouble-no-result-text = A result is kept for the session only. Search again.
screen-trouble-busy = Too busy
screen-trouble-busy-text = Try again in a moment.
screen-trouble-broken = Something is broken here
screen-trouble-broken-text = The node's diagnostics say why; tell whoever runs it.
screen-nav-approvals = Approvals
screen-nav-batches = Batches
screen-nav-status = Status
screen-nav-journal = Journal
screen-nav-people = Principals
screen-approvals-heading = Waiting for approval
screen-batches = Batches
screen-proposals = Proposals
screen-proposal = Proposal { $other }
screen-nothing-waits = Nothing waits.
screen-for-you = waits for you
screen-own-proposal = your proposal: another person approves it
screen-submitter = Submitter
screen-alarms = Alarms
screen-no-alarms = No alarms.
screen-declared = declared { $other }
screen-lapses = The plan lapses after
screen-reason = Reason
screen-endorsed-by = Approved already by
screen-step-approve = Approve
screen-step-reject = Reject
screen-step-suspend = Suspend
screen-step-restore = Restore
screen-step-realise = Realise
screen-step-withdraw = Withdraw
screen-take-back = Take back
screen-preview = What it would do, counted beforehand
screen-imeis-changed = IMEIs with another answer
screen-numbers-changed = Numbers hit
screen-numbers-worse = of these for the worse
screen-door-and-brand = Door and brand
screen-now = Now
screen-then = Then
screen-national = national
screen-unlisted = on no list:
screen-changes-nothing = No device gets another answer.
screen-sample = Sample of IMEIs
screen-proposer = Proposer
screen-since = Since
screen-entry = Entry
screen-when = When
screen-who = Who
screen-what = What
screen-later = Later
screen-earlier = Earlier
screen-checkpoint = Signed head of the journal ({ $other } entries)
screen-checkpoint-text = Keep it out of the register's reach: with it a change of what was on record can be proven.
screen-title = Who that is
screen-credentials = Credentials
screen-revoked = revoked
screen-people-text = A role takes two administrators: one proposes it, another approves it.
screen-age = Age of the data
screen-checks-second = Checks a second
screen-checks = Checks since the node's start
screen-memory = Memory
screen-disk = Disk
screen-rate-plot = Checks a second, the last half hour
screen-rate-alt = At most { $other } a second.
screen-shares = Shares by status
screen-capacity = Capacity
screen-used = IMEIs used
screen-growth-mean = Growth a day, mean of 30 days
screen-growth-peak = Growth a day, highest week
screen-days-left = Days until full
screen-in-force = In force
screen-suspended = Suspended
screen-expired = Ended
screen-planned = Planned
screen-lapsed = Lapsed
screen-submitted = Waiting
screen-withdrawn = Withdrawn
screen-trouble-no-batch = There is no such batch
screen-trouble-no-batch-text = No batch has that number.
screen-trouble-no-proposal = That proposal does not wait
screen-trouble-no-proposal-text = No proposal has that number, or it was decided.
screen-trouble-refused = The register refuses
screen-refusals = Last refusals on the networks
screen-times = { $other } times

# Registration of a SIM: another block, another cause and another cure than that of an IMEI.
registration-unknown = NUMBER NOT IN THE REGISTRATION DATA
    .say = No operator has handed this number in. This is the registration of the SIM, not of the IMEI.
    .do = Have the subscriber check the registration of the SIM by 4444 or at the operator's outlet.
    .contact = the operator 4444
registration-registered = SIM REGISTERED
    .say = This SIM is registered with the subscriber's identity. If there is no signal, registration of the SIM is not the cause.
    .do = See the answer for the IMEI of each slot.
    .contact = -
registration-unregistered = SIM NOT REGISTERED YET
    .say = This SIM is not registered with NIK and KK yet. That is the registration of the SIM, not of the IMEI.
    .do = Register with NIK and KK by 4444 or at the operator's outlet; 4444 stays reachable.
    .contact = the operator 4444
registration-kk-mismatch = NIK AND KK DO NOT MATCH
    .say = By Dukcapil the NIK and the number of the KK that were sent do not match. That is the registration of the SIM, not of the IMEI.
    .do = Check the newest number of the KK and register again by 4444; if that fails, bring the data up to date at Dukcapil.
    .contact = the operator 4444, Dukcapil
registration-nik-inactive = NIK INACTIVE
    .say = The NIK is inactive at Dukcapil, for example because no KTP-el was recorded. That is the registration of the SIM, not of the IMEI.
    .do = Have the NIK activated at Dukcapil, then register again by 4444.
    .contact = Dukcapil, then the operator 4444
registration-withdrawn = NUMBER NO LONGER IN USE
    .say = By its operator this number was given back. This is the registration of the SIM, not of the IMEI.
    .do = Have the subscriber ask at the operator's outlet.
    .contact = the operator
registration-suket = Still with a Suket: exchange it for a KTP-el at Dukcapil, then update the registration at the operator.
registration-next = From { $until }: { $other }.
stage-none = NOT BLOCKED
stage-outgoing = OUTGOING CALLS AND SMS BLOCKED
stage-incoming = OUTGOING AND INCOMING CALLS AND SMS BLOCKED
stage-data = CALLS, SMS AND DATA BLOCKED
stage-total = ALL SERVICE BLOCKED
