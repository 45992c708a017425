
## Roles, kinds of principals, of lists and of alarms

role-network-element = network element
role-submitter = submitter
role-approver = approver
role-agent = agent
role-supervisor = supervisor
role-auditor = auditor
role-administrator = administrator
principal-person = person
principal-service = service
principal-network-element = network element
kind-registered = registered devices
kind-ranges = ranges of devices
kind-grandfathered = older devices
kind-exempt = exempt devices
kind-stolen = stolen devices
kind-lost = lost devices
kind-barred = barred devices
kind-duplicate = suspected duplicates
kind-temporary = devices registered for a time
kind-pairing = pairings with numbers
kind-subscriber = map of subscribers
kind-tac = catalogue of models
kind-exempt-tac = models outside the rule
kind-barred-tac = barred models
alarm-brand-mix = unusual mix of brands
alarm-tac-mix = unusual mix of models
alarm-unknown-tacs = models that the catalogue does not know
alarm-already-listed = IMEIs that are listed already
alarm-half-of-dual-sim = phones with two slots, and half their IMEIs
alarm-door-silent = a door is silent
alarm-clerk-far-above-peers = a clerk far above its peers
alarm-over-quota = more than the document has left
answer-white = white
answer-grey = grey
answer-as-usual = as usual
unlisted-without-number = a device without a number
unlisted-with-number = a device with a number
step-approved = approved
step-rejected = rejected
step-suspended = suspended
step-restored = restored
step-withdrawn = withdrawn
step-realised = realised

## Lines of the journal, and their parts

line-unknown = a change that this build does not know
line-unknown-order = nothing that this build knows
line-staged = batch { $number } staged: { $what }
line-proposal = proposal { $number }: { $what }
line-override = override { $number }: { $what }
line-credential = credential { $number }: { $what }
line-grant = grant { $number }: { $what }
line-begins = the register begins
line-epoch = a new epoch begins behind { $number }
line-active = batch { $number } comes into force: { $what }
line-discarded = batch { $number } is given up
line-settings = settings ({ $count } lines), in force from { $moment }
line-principal = { $kind } { $name } is known from now on: { $title }
line-principal-of = { $kind } { $name } of { $operator } is known from now on: { $title }
line-token = a token for { $name }, until { $moment }
line-certificate = certificate { $subject } for { $name }, until { $moment }
line-credential-revoked = credential { $number } counts no more
line-principal-revoked = { $name } counts no more
line-role = { $name } is { $role }
line-role-for = { $name } is { $role } for { $doors }
line-grant-ends = grant { $number } ends
line-endorsed-proposal = proposal { $number } has one more approver
line-endorsed-batch = batch { $number } has one more approver for: { $state }
line-approved = proposal { $number } is approved
line-rejected = proposal { $number } is rejected
line-submitted-bare = a batch without body is submitted
line-submitted = batch { $number } is submitted: { $what }
line-state = batch { $number } is now { $state }
line-document = document { $number } at { $door } allows { $count }
line-answer = { $operator } hear { $answer } from { $moment } until { $until }
line-override-ends = override { $number } ends
line-alarm = alarm { $kind }: { $what }
line-alarm-of = alarm { $kind } (batch { $number }): { $what }
line-limits = limits of the doors ({ $count } lines)
line-through = { $kind } through { $door }
line-class = ({ $class })
line-of = of { $operator }
line-of-model = of { $model }
line-by-document = , document { $document }
line-declared = , { $count } declared
line-planned = , { $count } planned
line-until = , until { $until }
line-because = , because { $reason }
line-black-from = , black from { $from }
line-rows = { $added } added, { $removed } removed
line-rejected-rows = , { $count } rejected
line-from-files = , from { $files }
line-beginning = the beginning
line-approval = its approval
line-all-operators = all operators
line-key-added = a key for the hashes of identities is added
line-calendar-is = calendar { $number }: { $state }
line-list-in = list { $number } of { $operator }, { $kind }: { $added } rows, { $count } rejected

## What an alarm points at, and what it found

about-submission = submission
about-document = document { $document }
about-brand-at = brand { $brand } at { $door }
about-brand = brand { $brand } at all doors
about-model = model { $model } at all doors
about-desk = desk { $desk }
about-door = door { $door }
finding-silent = nothing came through { $door } for { $days } days, last on { $day }; its weekdays make that 1 in { $odds }
finding-desk = { $imeis } IMEIs today; it usually has { $own }, its peers at this door { $peers } a day
finding-new-desk = { $imeis } IMEIs today; it has no past here, its peers at this door { $peers } a day
finding-stream = { $imeis } IMEIs today, which weigh as { $weight } irregular ones, expected { $expected } (of this batch { $here } IMEIs, weight { $carried })
finding-pooled = { $imeis } IMEIs today, which weigh as { $weight } irregular ones, expected { $expected } (of this batch { $here } IMEIs, weight { $carried }); together with the other doors and days beyond chance
finding-unknown-tacs = { $hits } of { $of } IMEIs ({ $share } %) are of TACs unknown to the catalogue; usual here { $usual } %, tolerated { $tolerated } %
finding-listed-here = { $hits } of { $of } IMEIs ({ $share } %) are listed through this door already; usual here { $usual } %, tolerated { $tolerated } %
finding-listed-elsewhere = { $hits } of { $of } IMEIs ({ $share } %) are listed already, here or elsewhere; usual here { $usual } %, tolerated { $tolerated } %
finding-black = { $hits } of { $of } IMEIs ({ $share } %) are on the black list; usual here { $usual } %, tolerated { $tolerated } %
finding-half = { $hits } of { $of } IMEIs ({ $share } %) of two-SIM models come without their other IMEI; usual here { $usual } %, tolerated { $tolerated } %
finding-other-brand = { $hits } of { $of } IMEIs ({ $share } %) are of another brand than declared; usual here { $usual } %, tolerated { $tolerated } % (document { $document }: { $declared })
finding-other-model = { $hits } of { $of } IMEIs ({ $share } %) are of another model than declared; usual here { $usual } %, tolerated { $tolerated } % (document { $document }: { $declared })
finding-quota = { $imeis } IMEIs, and { $drawn } were drawn before, of { $allowed } that the document allows
finding-spread = { $tacs } TACs in one submission; usual at this door { $usual }

## What the register itself gives as a reason or a title

own-first-administrator = the first administrator
own-second-administrator = the second administrator of a register that has one
own-rotated = rotated
own-time-over = its time is over
own-cut-off = staged by a process that ended before it was done
own-carried = done before the register was restored to an earlier point

## Why the register refuses

why-no-batch = there is no batch { $number }
why-approved-already = you have approved this already: a further person is needed
why-no-document = door { $door } needs a registered document, and { $document } is none (saring document add)
why-document-ended = document { $document } has ended: no batch may draw on it any more
why-overdrawn = document { $document } allows { $quantity } units and { $drawn } are drawn: batch { $number } with { $added } would overdraw it
why-not-suspended = batch { $number } lists no devices: it is not suspended, it can be withdrawn
why-cannot-step = batch { $number } is { $state }: it cannot be { $done }
why-own-batch = { $name } submitted batch { $number }: another person has to decide on it
why-not-approver = { $name } is not an approver for door { $door }
why-name-taken = { $name } is taken: a name belongs to one principal for ever
why-bad-name = { $name } is no name for a principal: 2 to 64 characters, small letters, digits, dot, dash, underscore and @, and a letter first; bootstrap and saring are taken
why-only-own-token = only a token can be rotated, and only by the one who shows it
why-no-credential = there is no credential { $number }
why-no-principal = there is no principal { $name }
why-no-grant = there is no grant { $number }
why-not-known = { $name } is no principal of this register, or was revoked
why-not-role = this is for the role { $role }, and { $name } does not have it
why-keep-two = two administrators have to stay, because every grant takes two: grant the role to another one first (saring principal grant)
why-certificate-taken = certificates of { $subject } are those of { $name }: revoke them first
why-too-many-days = a credential counts { $most } days at most, not { $days }
why-no-subject = the common name of a certificate is not empty
why-own-proposal = { $name } made proposal { $number }: another person has to approve it
why-no-override = there is no override { $number } that is in force or to come
why-lapsed = this waited for more than { $days } days and has lapsed: ask for it anew
why-decided = proposal { $number } was decided already, by { $name }
why-no-proposal = there is no proposal { $number }
why-not-waiting = no proposal { $number } waits
why-role-needs-doors = the role { $role } needs the doors that it is for
why-role-without-doors = the role { $role } is for no doors
why-empty-document = a document has a number and a quantity above 0
why-override-time = an override ends in the future, and after 30 days at most
why-not-of-door = { $name } is neither submitter nor approver for door { $door }
why-may-no-longer = { $name } made proposal { $number } and may no longer ask for it: somebody else has to
why-preview-needed = { $kind ->
        [batch] batch { $number }
       *[proposal] proposal { $number }
    } is large: look at a preview first and name its digest
why-preview-old = { $kind ->
        [batch] batch { $number }
       *[proposal] proposal { $number }
    } would no longer do what was previewed: what it touches has changed. Look at a new preview
why-no-preview = { $kind ->
        [batch] batch { $number }
       *[proposal] proposal { $number }
    } changes no answer of a device by itself: it has no preview
why-nothing-of-override = an override answers everything that its operator asks while it lasts: there is nothing to count
why-nothing-of-proposal = this proposal changes no answer of a device by itself
why-not-published = checks are not answered here yet
why-no-calendar = number: there is no calendar { $number }
why-calendar-decided = calendar { $number } is { $state } already, by { $name }
why-calendar-other = calendar { $number } has another digest than the one that was seen: look at it again
why-own-calendar = { $name } proposed calendar { $number }: another person puts it in force
why-calendar-old = calendar { $number } was proposed before calendar { $other } came into force: propose it again
why-not-national = { $name } belongs to { $operator }: a calendar is proposed and put in force by people of no operator
