
## Roles, kinds of principals, of lists and of alarms

role-network-element = elemen jaringan
role-submitter = pengaju
role-approver = penyetuju
role-agent = agen
role-supervisor = penyelia
role-auditor = auditor
role-administrator = administrator
principal-person = orang
principal-service = layanan
principal-network-element = elemen jaringan
kind-registered = perangkat terdaftar
kind-ranges = rentang perangkat
kind-grandfathered = perangkat lama
kind-exempt = perangkat dikecualikan
kind-stolen = perangkat dicuri
kind-lost = perangkat hilang
kind-barred = perangkat dilarang
kind-duplicate = dugaan IMEI ganda
kind-temporary = perangkat terdaftar sementara
kind-pairing = pasangan nomor
kind-subscriber = peta pelanggan
kind-tac = katalog model
kind-exempt-tac = model di luar aturan
kind-barred-tac = model dilarang
alarm-brand-mix = campuran merek tidak biasa
alarm-tac-mix = campuran model tidak biasa
alarm-unknown-tacs = model yang tidak ada di katalog
alarm-already-listed = IMEI yang sudah tercatat
alarm-half-of-dual-sim = ponsel dua slot dengan separuh IMEI-nya
alarm-door-silent = suatu pintu tidak mengirim apa-apa
alarm-clerk-far-above-peers = petugas jauh di atas rekan-rekannya
alarm-over-quota = lebih dari sisa dokumen
answer-white = putih
answer-grey = abu-abu
answer-as-usual = seperti biasa
unlisted-without-number = perangkat tanpa nomor
unlisted-with-number = perangkat dengan nomor
step-approved = disetujui
step-rejected = ditolak
step-suspended = ditangguhkan
step-restored = dipulihkan
step-withdrawn = ditarik
step-realised = direalisasikan

## Lines of the journal, and their parts

line-unknown = perubahan yang belum dikenal versi ini
line-unknown-order = tidak dikenal versi ini
line-staged = batch { $number } disiapkan: { $what }
line-proposal = usulan { $number }: { $what }
line-override = pengecualian { $number }: { $what }
line-credential = tanda pengenal { $number }: { $what }
line-grant = pemberian peran { $number }: { $what }
line-begins = register dimulai
line-epoch = masa baru dimulai sesudah { $number }
line-active = batch { $number } mulai berlaku: { $what }
line-discarded = batch { $number } dibatalkan
line-settings = setelan ({ $count } baris), berlaku sejak { $moment }
line-principal = { $kind } { $name } mulai dikenal: { $title }
line-principal-of = { $kind } { $name } dari { $operator } mulai dikenal: { $title }
line-token = token untuk { $name }, sampai { $moment }
line-certificate = sertifikat { $subject } untuk { $name }, sampai { $moment }
line-credential-revoked = tanda pengenal { $number } tidak berlaku lagi
line-principal-revoked = { $name } tidak berlaku lagi
line-role = { $name } menjadi { $role }
line-role-for = { $name } menjadi { $role } untuk { $doors }
line-grant-ends = pemberian peran { $number } berakhir
line-endorsed-proposal = usulan { $number } mendapat satu penyetuju lagi
line-endorsed-batch = batch { $number } mendapat satu penyetuju lagi untuk: { $state }
line-approved = usulan { $number } disetujui
line-rejected = usulan { $number } ditolak
line-submitted-bare = batch tanpa isi diajukan
line-submitted = batch { $number } diajukan: { $what }
line-state = batch { $number } sekarang { $state }
line-document = dokumen { $number } di { $door } mengizinkan { $count } unit
line-answer = { $operator } mendapat jawaban { $answer } dari { $moment } sampai { $until }
line-override-ends = pengecualian { $number } berakhir
line-alarm = alarm { $kind }: { $what }
line-alarm-of = alarm { $kind } (batch { $number }): { $what }
line-limits = batas pintu ({ $count } baris)
line-through = { $kind } lewat { $door }
line-class = ({ $class })
line-of = dari { $operator }
line-of-model = untuk { $model }
line-by-document = , dokumen { $document }
line-declared = , { $count } dinyatakan
line-planned = , { $count } direncanakan
line-until = , sampai { $until }
line-because = , karena { $reason }
line-black-from = , diblokir mulai { $from }
line-rows = { $added } ditambah, { $removed } dikeluarkan
line-rejected-rows = , { $count } ditolak
line-from-files = , dari { $files }
line-beginning = awal
line-approval = saat disetujui
line-all-operators = semua operator
line-key-added = kunci untuk hash identitas ditambahkan
line-calendar-is = kalender { $number }: { $state }
line-list-in = daftar { $number } dari { $operator }, { $kind }: { $added } baris, { $count } ditolak

## What an alarm points at, and what it found

about-submission = kiriman ini
about-document = dokumen { $document }
about-brand-at = merek { $brand } di { $door }
about-brand = merek { $brand } di semua pintu
about-model = model { $model } di semua pintu
about-desk = petugas { $desk }
about-door = pintu { $door }
finding-silent = tidak ada yang masuk lewat { $door } selama { $days } hari, terakhir { $day }; menurut kebiasaan hari kerjanya itu 1 banding { $odds }
finding-desk = { $imeis } IMEI hari ini; biasanya { $own }, rekan-rekannya di pintu ini { $peers } sehari
finding-new-desk = { $imeis } IMEI hari ini; belum pernah mengirim di sini, rekan-rekannya di pintu ini { $peers } sehari
finding-stream = { $imeis } IMEI hari ini, setara { $weight } IMEI tidak lazim, perkiraan { $expected } (dari batch ini { $here } IMEI, bobot { $carried })
finding-pooled = { $imeis } IMEI hari ini, setara { $weight } IMEI tidak lazim, perkiraan { $expected } (dari batch ini { $here } IMEI, bobot { $carried }); bersama pintu dan hari lain bukan kebetulan
finding-unknown-tacs = { $hits } dari { $of } IMEI ({ $share } %) memakai TAC yang tidak ada di katalog; biasanya di sini { $usual } %, batasnya { $tolerated } %
finding-listed-here = { $hits } dari { $of } IMEI ({ $share } %) sudah tercatat lewat pintu ini; biasanya di sini { $usual } %, batasnya { $tolerated } %
finding-listed-elsewhere = { $hits } dari { $of } IMEI ({ $share } %) sudah tercatat, di sini atau di pintu lain; biasanya di sini { $usual } %, batasnya { $tolerated } %
finding-black = { $hits } dari { $of } IMEI ({ $share } %) ada di daftar hitam; biasanya di sini { $usual } %, batasnya { $tolerated } %
finding-half = { $hits } dari { $of } IMEI ({ $share } %) dari model dua slot datang tanpa IMEI pasangannya; biasanya di sini { $usual } %, batasnya { $tolerated } %
finding-other-brand = { $hits } dari { $of } IMEI ({ $share } %) bermerek lain dari yang dinyatakan; biasanya di sini { $usual } %, batasnya { $tolerated } % (dokumen { $document }: { $declared })
finding-other-model = { $hits } dari { $of } IMEI ({ $share } %) bermodel lain dari yang dinyatakan; biasanya di sini { $usual } %, batasnya { $tolerated } % (dokumen { $document }: { $declared })
finding-quota = { $imeis } IMEI, dan { $drawn } sudah terpakai, dari { $allowed } yang diizinkan dokumen
finding-spread = { $tacs } TAC dalam satu kiriman; biasanya di pintu ini { $usual }

## What the register itself gives as a reason or a title

own-first-administrator = administrator pertama
own-second-administrator = administrator kedua dari register yang baru punya satu
own-rotated = diganti
own-time-over = waktunya habis
own-cut-off = disiapkan oleh proses yang berhenti sebelum selesai
own-carried = dilakukan sebelum register dipulihkan ke titik yang lebih lama

## Why the register refuses

why-no-batch = Tidak ada batch { $number }.
why-approved-already = Anda sudah menyetujuinya: perlu satu orang lagi.
why-no-document = Pintu { $door } memerlukan dokumen terdaftar, dan { $document } belum terdaftar (saring document add).
why-document-ended = Dokumen { $document } sudah berakhir: tidak ada batch yang boleh memakainya lagi.
why-overdrawn = Dokumen { $document } mengizinkan { $quantity } unit dan { $drawn } sudah terpakai: batch { $number } dengan { $added } melebihinya.
why-not-suspended = Batch { $number } tidak memuat perangkat: tidak ditangguhkan, tetapi bisa ditarik.
why-cannot-step = Keadaan batch { $number } sekarang: { $state }. Karena itu tidak bisa { $done }.
why-own-batch = { $name } yang mengajukan batch { $number }: orang lain yang harus memutuskannya.
why-not-approver = { $name } bukan penyetuju untuk pintu { $door }.
why-name-taken = Nama { $name } sudah dipakai: satu nama dimiliki satu pemegang untuk selamanya.
why-bad-name = { $name } bukan nama pemegang peran: 2 sampai 64 karakter, huruf kecil, angka, titik, tanda hubung, garis bawah, dan @, diawali huruf; bootstrap dan saring sudah dipakai.
why-only-own-token = Hanya token yang bisa diganti, dan hanya oleh pemiliknya.
why-no-credential = Tidak ada tanda pengenal { $number }.
why-no-principal = Tidak ada pemegang peran { $name }.
why-no-grant = Tidak ada pemberian peran { $number }.
why-not-known = { $name } bukan pemegang peran di register ini, atau sudah dicabut.
why-not-role = Ini untuk peran { $role }, dan { $name } tidak memilikinya.
why-keep-two = Harus tersisa dua administrator, karena setiap pemberian peran memerlukan dua orang: beri peran itu ke orang lain dahulu.
why-certificate-taken = Sertifikat { $subject } milik { $name }: cabut dahulu.
why-too-many-days = Tanda pengenal berlaku paling lama { $most } hari, bukan { $days }.
why-no-subject = Nama sertifikat (common name) tidak boleh kosong.
why-own-proposal = { $name } yang membuat usulan { $number }: orang lain yang harus menyetujuinya.
why-no-override = Tidak ada pengecualian { $number } yang sedang atau akan berlaku.
why-lapsed = Ini menunggu lebih dari { $days } hari dan sudah gugur: ajukan lagi.
why-decided = Usulan { $number } sudah diputuskan, oleh { $name }.
why-no-proposal = Tidak ada usulan { $number }.
why-not-waiting = Tidak ada usulan { $number } yang menunggu.
why-role-needs-doors = Peran { $role } harus menyebut pintunya.
why-role-without-doors = Peran { $role } tidak untuk pintu tertentu: kosongkan pintunya.
why-empty-document = Dokumen harus bernomor dan jumlahnya di atas 0.
why-override-time = Pengecualian berakhir pada waktu yang akan datang, paling lama 30 hari.
why-not-of-door = { $name } bukan pengaju dan bukan penyetuju untuk pintu { $door }.
why-may-no-longer = { $name } membuat usulan { $number } dan tidak berhak lagi memintanya: orang lain yang harus mengajukannya.
why-preview-needed = { $kind ->
        [batch] Batch { $number }
       *[proposal] Usulan { $number }
    } besar: lihat pratinjaunya dahulu, lalu putuskan dari halaman itu.
why-preview-old = { $kind ->
        [batch] Batch { $number }
       *[proposal] Usulan { $number }
    } tidak lagi melakukan apa yang tampil di pratinjau: isinya sudah berubah. Lihat pratinjau yang baru.
why-no-preview = { $kind ->
        [batch] Batch { $number }
       *[proposal] Usulan { $number }
    } sendiri tidak mengubah jawaban perangkat mana pun: tidak ada pratinjaunya.
why-nothing-of-override = Pengecualian menjawab semua pertanyaan operatornya selama berlaku: tidak ada yang dihitung.
why-nothing-of-proposal = Usulan ini sendiri tidak mengubah jawaban perangkat mana pun.
why-not-published = Pemeriksaan belum dijawab di sini: coba lagi sebentar.
why-no-calendar = Tidak ada kalender { $number }.
why-calendar-decided = Kalender { $number } sudah diputuskan ({ $state }), oleh { $name }.
why-calendar-other = Kalender { $number } bukan lagi yang Anda lihat: lihat lagi.
why-own-calendar = { $name } yang mengusulkan kalender { $number }: orang lain yang memberlakukannya.
why-calendar-old = Kalender { $number } diusulkan sebelum kalender { $other } berlaku: usulkan lagi.
why-not-national = { $name } milik { $operator }: kalender diusulkan dan diberlakukan oleh orang yang bukan dari operator.
