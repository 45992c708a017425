# Kata-kata yang dipakai agen, layar, dan masyarakat. Satu katalog untuk semua saluran.
# Setiap alasan: judul, .say (yang dikatakan), .do (langkah berikutnya), .contact (yang dihubungi).

## Tanggal

date = { $day } { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] Mei
    [6] Jun
    [7] Jul
    [8] Agu
    [9] Sep
    [10] Okt
    [11] Nov
   *[12] Des
} { $year }
moment = { $date } pukul { $hour }.{ $minute } WIB

## Status

status-white = DILAYANI
    .say = Perangkat ini boleh dipakai.
status-grey = DILAYANI, DIPANTAU
    .say = Perangkat ini masih dilayani jaringan.
status-unknown = TIDAK DIKENAL
    .say = Register tidak mengenal perangkat ini; jaringan operator menentukan apakah dilayani.
status-black = DIBLOKIR
    .say = Perangkat ini tidak dilayani jaringan.

## Alasan

malformed = FORMAT IMEI TIDAK SAH
    .say = Angka yang dibaca bukan IMEI.
    .do = Baca ulang IMEI dengan *#06#: 15 angka, tanpa huruf.
    .contact = operator
court = DIBLOKIR – KETENTUAN
    .say = Ada perintah pengadilan untuk perangkat ini.
    .do = Perangkat ini tidak boleh dipakai; tanyakan dasar ketentuannya.
    .contact = Call center 159
barred = DIBLOKIR – KETENTUAN
    .say = Regulator melarang perangkat ini.
    .do = Perangkat ini tidak boleh dipakai; tanyakan dasar ketentuannya.
    .contact = Call center 159
stolen = DIBLOKIR – LAPORAN HILANG/DICURI
    .say = Perangkat ini dilaporkan dicuri.
    .do = Bila perangkat sudah ditemukan, minta keluar dari daftar hitam.
    .contact = operator pelapor dan polisi
lost = DIBLOKIR – LAPORAN HILANG/DICURI
    .say = Perangkat ini dilaporkan hilang.
    .do = Bila perangkat sudah ditemukan, minta keluar dari daftar hitam.
    .contact = operator pelapor dan polisi
tac-barred = DIBLOKIR – KETENTUAN
    .say = Model ini tidak boleh dijual atau dipakai di Indonesia.
    .do = Perangkat ini tidak boleh dipakai; tanyakan dasar ketentuannya.
    .contact = Call center 159
exempt = { $ends ->
    [yes] DIKECUALIKAN s.d. { $until }
   *[no] DIKECUALIKAN
}
    .say = Perangkat ini dikecualikan dari kewajiban registrasi.
    .do = Tidak perlu registrasi.
    .contact = Call center 159
roamer = KARTU LUAR NEGERI
    .say = Kartunya kartu luar negeri (roaming), jadi registrasi tidak diperlukan.
    .do = Tidak perlu daftar selama memakai kartu luar negeri.
    .contact = operator
test-tac = IMEI UJI
    .say = IMEI ini nomor uji, bukan IMEI perangkat yang dijual.
    .do = IMEI ini hanya untuk pengujian: klaim ke penjual.
    .contact = penjual atau merek
paired = { $ends ->
    [yes] DIIZINKAN UNTUK NOMOR INI s.d. { $until }
   *[no] DIIZINKAN UNTUK NOMOR INI
}
    .say = Perangkat ini diizinkan bersama nomor ini.
    .do = Pakai dengan nomor ini saja; untuk nomor lain, minta ke operator.
    .contact = operator
duplicate = IMEI GANDA
    .say = IMEI ini diduga dipakai lebih dari satu perangkat.
    .do = Bawa perangkat dan bukti pembelian: IMEI ini dipakai lebih dari satu perangkat.
    .contact = operator
registered = { $ends ->
    [yes] TERDAFTAR s.d. { $until }
   *[no] TERDAFTAR
}
    .say = IMEI ini terdaftar.
    .do = Tidak ada tindakan. Tanpa sinyal: cek IMEI tiap slot (*#06#), coba SIM lain.
    .contact = operator
temporary = { $ends ->
    [yes] TERDAFTAR SEMENTARA s.d. { $until }
   *[no] TERDAFTAR SEMENTARA
}
    .say = IMEI ini terdaftar untuk sementara.
    .do = Berlaku sampai pukul 24.00 WIB pada tanggal itu.
    .contact = operator
exempt-type = DIKECUALIKAN
    .say = Jenis perangkat ini di luar aturan HKT.
    .do = EDC, modem, dan laptop di luar aturan HKT: tanpa registrasi.
    .contact = operator korporat
grandfathered = DIIZINKAN – PERANGKAT LAMA
    .say = Perangkat ini sudah dipakai di Indonesia sebelum aturan berlaku.
    .do = Dipakai sebelum aturan berlaku: tidak dibatasi, tanpa registrasi.
    .contact = operator
suspended = DITANGGUHKAN – DALAM PEMERIKSAAN
    .say = Pendaftaran perangkat ini ditangguhkan selama diperiksa.
    .do = Pendaftarannya sedang diperiksa: simpan bukti pembelian, tunggu hasilnya.
    .contact = Call center 159
pairing-mismatch = NOMOR TIDAK SESUAI PASANGAN
    .say = Perangkat ini diizinkan untuk nomor lain, bukan untuk nomor ini.
    .do = Pakai nomor yang didaftarkan bersama perangkat ini.
    .contact = operator
number-needed = PERLU NOMOR
    .say = Perangkat ini diizinkan untuk nomor tertentu; tanpa nomor tidak ada jawaban pasti.
    .do = Sebutkan nomor yang dipakai di perangkat ini, lalu cek lagi.
    .contact = operator
expired = { $ends ->
    [yes] MASA BERLAKU HABIS { $until }
   *[no] MASA BERLAKU HABIS
}
    .say = Pendaftaran perangkat ini sudah berakhir.
    .do = Turis: daftar lagi di gerai operator dengan paspor.
    .contact = operator
not-registered = { $status ->
    [black] DIBLOKIR – TIDAK TERDAFTAR
   *[other] BELUM TERDAFTAR
}
    .say = IMEI ini belum terdaftar.
    .do = Barang bawaan: daftar di kantor Bea Cukai sampai 60 hari; beli di sini: klaim ke penjual.
    .contact = Bea Cukai, penjual

## Untuk masyarakat: dari blokir polisi atau ketentuan hanya jenisnya

public-police = DIBLOKIR – LAPORAN HILANG/DICURI
    .say = Perangkat ini dilaporkan hilang atau dicuri.
    .do = Bila ini perangkat Anda dan sudah ditemukan, minta keluar dari daftar hitam.
    .contact = operator pelapor dan polisi
public-regulation = DIBLOKIR – KETENTUAN
    .say = Perangkat ini diblokir berdasarkan ketentuan.
    .do = Perangkat ini tidak boleh dipakai; tanyakan dasar ketentuannya.
    .contact = Call center 159

## Catatan

note-in-process = SEDANG DIPROSES: IMEI ini sudah diterima dalam batch { $batch } dan menunggu persetujuan; belum terlihat di jaringan.
note-planned = DIRENCANAKAN: IMEI ini ada dalam rencana produksi (batch { $batch }), belum dibuat dan belum terdaftar.
note-outdated = DATA TIDAK MUTAKHIR: data di sini berumur { $age }; jawaban jaringan bisa berbeda.
note-override = PENGECUALIAN DARURAT { $number }: status untuk sementara diatur bagi semua perangkat; alasannya tetap.
note-sim-changed = GANTI SIM: nomor ini bukan nomor yang dikenal untuk IMSI itu; nomor yang menentukan.
note-not-now = BUKAN SEKARANG: jawaban ini untuk { $moment }, revisi { $revision }.
note-check-digit = ANGKA KE-15 SALAH: untuk 14 angka pertama seharusnya { $digit }. Ada angka yang salah ketik atau tertukar; jawaban di bawah untuk 14 angka pertama.
note-maybe-imsi = MUNGKIN IMSI: angka ini juga bisa nomor SIM; tulis imsi- di depannya untuk mencarinya.
note-two-readings = DUA BACAAN: sebagai IMEI angka ke-15 salah; sebagai IMSI angka ini kartu { $operator }. Di sini dibaca sebagai IMEI; tulis imsi- di depannya untuk mencari kartunya.
note-others-hidden = NOMOR OPERATOR LAIN: { $count } pasangan milik pelanggan operator lain tidak ditampilkan.
note-maybe-nik = INI MUNGKIN NIK ATAU KK: jangan diketik; tidak ada yang dicari dengannya, dan tidak disimpan.

## Apa yang mengubah jawaban

remedy-correct-imei = Bila IMEI dibaca dengan benar
remedy-lift-block = Bila keluar dari daftar hitam
remedy-lift-model = Bila larangan model dicabut
remedy-clear-suspicion = Bila dugaan IMEI ganda dihapus
remedy-restore = Bila pemeriksaan selesai dan pendaftaran dipulihkan
remedy-renew = Bila pendaftaran diperpanjang
remedy-name-number = Bila disebut nomor pasangannya
remedy-pair = Bila nomor ini dipasangkan oleh operator
remedy-register = Bila didaftarkan

## Yang terjadi

deed-listed = terdaftar
deed-listed-with = terdaftar bersama { $other }
deed-corrected-from = terdaftar menggantikan { $other } yang salah ketik
deed-corrected-to = dihapus karena salah ketik; yang benar { $other }
deed-taken-off = dikeluarkan dari batch { $other }
deed-paired = dipasangkan dengan { $other }
deed-released = pasangan dengan { $other } dilepas
deed-linked = satu perangkat dengan { $other }
deed-model-exempt = modelnya di luar aturan
deed-model-inside = modelnya kembali di dalam aturan
deed-model-barred = modelnya dilarang
deed-model-free = larangan modelnya dicabut
deed-sim-has = SIM mendapat nomor { $other }
deed-sim-leaves = SIM keluar dari peta pelanggan

## Istilah

door-tpp-production = Kemenperin, produksi (TPP)
door-tpp-import = Kemenperin, impor (TPP)
door-customs-passenger = Bea Cukai, barang penumpang
door-customs-parcel = Bea Cukai, barang kiriman
door-operator-tourist = gerai operator, turis
door-state = Komdigi, negara dan diplomatik
door-grandfathered = operator, perangkat lama
door-stolen = operator, laporan dicuri
door-lost = operator, laporan hilang
door-gsma-blocklist = daftar hitam GSMA
door-barred = regulator, larangan
door-court = pengadilan
door-non-hkt = regulator, di luar HKT
door-operator = operator, pasangan nomor
door-gsma-tac = katalog TAC GSMA
class-registered = terdaftar
class-grandfathered = perangkat lama
class-exempt = dikecualikan
class-stolen = dicuri
class-lost = hilang
class-barred = dilarang
class-court = perintah pengadilan
class-duplicate = dugaan IMEI ganda
class-allowance = izin untuk nomor
class-binding = terikat pada nomor
class-exempt-type = jenis di luar aturan
class-barred-soft = model tidak boleh dijual
class-barred-hard = model dilarang
state-valid = berlaku
state-staged = disiapkan
state-submitted = diterima, menunggu persetujuan
state-active = berlaku
state-suspended = ditangguhkan
state-withdrawn = ditarik
state-rejected = ditolak
state-expired = berakhir
state-discarded = dibatalkan
state-planned = direncanakan

## Label

label-device = Perangkat
label-number = Nomor
label-document = Dokumen
label-batch = Batch
label-model = Model
label-say = Katakan
label-do = Langkah
label-contact = Hubungi
label-operators = Di jaringan
label-all-operators = semua operator
label-other-operators = operator lain
label-national = nasional
label-without-number = tanpa nomor
label-with-number = dengan nomor
label-foreign-sim = kartu luar negeri
label-evidence = Dasar
label-decides = menentukan
label-until = s.d.
label-change = Yang mengubah
label-from = Mulai
label-pairings = Pasangan
label-asked = nomor ini
label-released = dilepas
label-other-imei = IMEI lain
label-history = Riwayat
label-notes = Catatan
label-suggestion = Mungkin maksudnya
label-known = dikenal register
label-quantity = jumlah
label-drawn = terpakai
label-left = sisa
label-devices = baris
label-operator = operator
label-data = Data
label-revision = revisi
label-nothing = tidak ada yang tercatat
label-by = oleh
label-approved-by = disetujui
label-refusals = Penolakan terakhir
label-cases = Kasus terbuka
label-more = lagi
label-registration = Registrasi kartu

## Pertanyaan dan jawaban

help-signal-lost = Sinyal hilang tiba-tiba
    .answer = Cek IMEI tiap slot (*#06#) dan coba SIM lain; belum tentu karena IMEI.
    .contact = operator
help-customs-not-ministry = Sudah daftar di Bea Cukai, situs Kemenperin berkata "tidak terdaftar"
    .answer = Wajar: barang penumpang dan kiriman tercatat di Bea Cukai.
    .contact = Bea Cukai
help-how-long = Berapa lama sampai aktif?
    .answer = Sampai 2 x 24 jam, sekitar 2 hari kerja.
    .contact = Bea Cukai
help-sent-no-signal = Data sudah terkirim, tetap tanpa sinyal
    .answer = Mulai ulang perangkat; lihat di operator mana data sudah sampai.
    .contact = operator, lalu 159
help-before-rule = Dipakai sebelum aturan berlaku
    .answer = Tidak dibatasi; tanpa registrasi.
    .contact = -
help-second-slot = Slot 1 ada sinyal, slot 2 tidak
    .answer = Perangkat ini punya dua IMEI, dan masing-masing harus terdaftar.
    .contact = operator dan merek
help-change-sim = Boleh ganti SIM?
    .answer = Perangkat terdaftar: boleh. Perangkat lama: mengikuti kebijakan operator.
    .contact = operator
help-tourist = Turis di bawah 90 hari dengan SIM lokal
    .answer = Daftar di gerai operator dengan paspor.
    .contact = operator
help-roaming = SIM asing (roaming)
    .answer = Tidak perlu daftar.
    .contact = -
help-from-abroad = Membawa perangkat dari luar negeri
    .answer = Paling banyak 2 unit, deklarasi saat tiba; di kantor Bea Cukai sampai 60 hari.
    .contact = Bea Cukai
help-after-60-days = Lewat 60 hari
    .answer = Tidak bisa didaftarkan.
    .contact = 159 (kebijakan)
help-second-hand = Membeli bekas "ex-inter"
    .answer = Tidak bisa lewat Bea Cukai.
    .contact = penjual
help-unlock = Jasa "unlock"
    .answer = Melanggar hukum dan sementara.
    .contact = lapor 159 / polisi
help-stolen = Hilang atau dicuri
    .answer = Datang ke operator dengan surat kehilangan.
    .contact = operator dan polisi
help-recovered = Ditemukan lagi
    .answer = Minta keluar dari daftar hitam.
    .contact = operator pelapor
help-mistyped = Salah ketik IMEI saat daftar
    .answer = Data bisa diubah sampai 30 hari.
    .contact = kantor Bea Cukai pendaftaran
help-machines = EDC, modem, laptop
    .answer = Di luar aturan HKT.
    .contact = operator korporat
help-batam = HP dari Batam dibawa ke daerah lain
    .answer = Keluar dari kawasan bebas: wajib deklarasi.
    .contact = Bea Cukai
help-new-no-signal = HP resmi baru tanpa sinyal
    .answer = Klaim ke penjual; merek mengecek kedua IMEI.
    .contact = penjual / merek, Kemenperin
help-nik = NIK atau KK gagal
    .answer = Itu registrasi kartu, bukan IMEI; NIK tidak aktif diurus ke Dukcapil.
    .contact = operator 4444, Dukcapil
help-policy = Pertanyaan kebijakan
    .answer = Kebijakan dijelaskan oleh Call center 159, bukan oleh operator.
    .contact = Call center 159

## Cases of the call centre

case-kind-legal-blocked = perangkat resmi yang diblokir
case-kind-paid-unlisted = sudah dibayar di Bea Cukai, belum terdaftar
case-kind-second-slot = slot kedua tanpa sinyal
case-kind-stolen = dicuri atau hilang
case-kind-recovered = ditemukan kembali
case-kind-cloned = IMEI dipakai perangkat lain
case-kind-subscriber = registrasi kartu (NIK dan KK)
case-kind-other = lainnya
case-state-open = sedang ditangani
case-state-waiting = menunggu pelapor
case-state-closed = selesai
case-owner-operator = operator
case-owner-customs = Bea Cukai
case-owner-ministry = Kemenperin
case-owner-dukcapil = Dukcapil
case-owner-159 = call center 159
case-act-opened = dibuka
case-act-noted = dicatat
case-act-assigned = ditugaskan
case-act-handed-over = dialihkan
case-act-waits-for-the-caller = menunggu pelapor
case-act-resumed = dilanjutkan
case-act-closed = diselesaikan
case-act-reopened = dibuka kembali
case-act-erased = isi pribadi dihapus

## Layar konsol

screen-skip = Langsung ke isi
screen-nav = Halaman
screen-nav-search = Cari
screen-nav-help = Tanya jawab
screen-sign-in = Masuk
screen-sign-in-text = Konsol register perangkat: untuk agen, kementerian, dan operator.
screen-sign-in-do = Masuk
screen-sign-out = Keluar
screen-by-password = Dengan kata sandi
screen-by-token = Dengan token
screen-by-token-text = Pertama kali, atau lupa kata sandi: pakai token dari administrator, lalu tetapkan kata sandi.
screen-name = Nama
screen-password = Kata sandi
screen-token = Token
screen-wrong-password = Nama atau kata sandi salah.
screen-wrong-token = Token ini tidak berlaku: minta token lain ke administrator.
screen-wait-seconds = Terlalu sering gagal. Tunggu { $other } detik, lalu coba lagi.
screen-wait = Terlalu sering gagal. Tunggu sebentar, lalu coba lagi.
screen-roles = Peran
screen-no-roles = Belum ada peran: minta ke administrator.
screen-set-password = Kata sandi baru
screen-set-password-do = Tetapkan kata sandi
screen-password-rules = 15 sampai 128 karakter, misalnya empat atau lima kata yang tidak berhubungan; tanpa nama sendiri.
screen-password-set = Kata sandi baru berlaku; sesi Anda yang lain diakhiri.
screen-present-password = Kata sandi sekarang
screen-new-password = Kata sandi baru
screen-password-again = Sekali lagi
screen-passwords-differ = Kedua kata sandi baru tidak sama.
screen-search-heading = Cari perangkat atau nomor
screen-search-label = IMEI, nomor, IMSI, dokumen, batch, atau kasus
screen-search-do = Cari
screen-search-forms = Ketik, tempel, atau pindai dalam bentuk apa pun. Tombol / selalu kembali ke kotak ini.
screen-search-more = Nomor, operator, atau waktu lain
screen-search-number = Dengan nomor pelanggan
screen-search-operator = Jawaban untuk operator
screen-search-on = Pada waktu (WIB)
screen-search-as-of = Menurut revisi
screen-search-again = Cari lagi: IMEI, nomor, dokumen, batch, kasus
screen-wrong-empty = Ketik IMEI, nomor, IMSI, dokumen, atau batch.
screen-wrong-text = Ini bukan IMEI, nomor, IMSI, dokumen, atau batch.
screen-wrong-number = Nomor pelanggan tidak terbaca.
screen-wrong-operator = Nama operator terlalu panjang.
screen-wrong-moment = Waktu atau revisi tidak terbaca.
screen-wrong-batch = Tidak ada batch itu, atau batch itu milik operator lain.
screen-wrong-other-operator = Anda hanya dapat bertanya untuk operator Anda sendiri.
screen-wrong-as-of = Register tidak pernah punya revisi itu.
screen-number = Nomor
screen-document = Dokumen
screen-batch = Batch
screen-model = Model
screen-revision = revisi
screen-override = pengecualian { $other }
screen-from-moment = Mulai { $other }
screen-asked-with = Ditanya bersama nomor { $other }
screen-do = Langkah berikutnya
screen-contact = Hubungi
screen-meant = Mungkin maksudnya
screen-known = ada di register
screen-changes = Yang mengubah jawaban
screen-others = IMEI lain perangkat ini
screen-networks = Di jaringan operator
screen-operator = Operator
screen-with-number = Dengan nomor itu
screen-without-number = Tanpa nomor
screen-foreign-sim = Kartu luar negeri
screen-all-operators = semua operator
screen-other-operators = operator lain
screen-check-with = Cek bersama nomor
screen-check-do = Cek
screen-evidence = Bukti, menurut urutan
screen-nothing = Tidak ada catatan.
screen-until = s.d. { $other }
screen-decides = menentukan
screen-pairings = Pasangan nomor
screen-this-number = nomor ini
screen-history = Riwayat
screen-by = oleh { $other }
screen-approved-by = disetujui { $other }
screen-more = … { $other } lagi
screen-devices = Perangkat
screen-answer = Jawaban
screen-released = sudah dilepas
screen-holder = Pemegang
screen-quantity = Jumlah
screen-drawn = Terpakai
screen-left = Sisa
screen-valid-until = Berlaku s.d.
screen-state = Keadaan
screen-kind = Jenis
screen-door = Pintu
screen-rows = Baris
screen-help-heading = Yang ditanyakan pelanggan
screen-to-start = Ke halaman awal
screen-trouble-no-such-page = Halaman ini tidak ada
screen-trouble-no-such-page-text = Alamat itu tidak dikenal.
screen-trouble-strange-form = Formulir ditolak
screen-trouble-strange-form-text = Formulir ini tidak berasal dari konsol ini.
screen-trouble-old-form = Formulir sudah lama
screen-trouble-old-form-text = Sesi berganti sejak halaman itu dibuka. Muat ulang halaman, lalu kirim lagi; tidak ada yang diubah.
screen-trouble-unread-form = Formulir tidak terbaca
screen-trouble-unread-form-text = Isi formulir terlalu besar atau rusak; tidak ada yang diubah.
screen-trouble-loading = Register sedang dimuat
screen-trouble-loading-text = Coba lagi beberapa saat lagi.
screen-trouble-not-for-you = Bukan untuk peran Anda
screen-trouble-not-for-you-text = Halaman ini untuk peran lain. Peran diberikan oleh dua administrator.
screen-trouble-no-result = Hasil ini sudah tidak ada
screen-trouble-no-result-text = Hasil pencarian hanya disimpan selama sesi. Cari lagi.
screen-trouble-busy = Terlalu sibuk
screen-trouble-busy-text = Coba lagi beberapa saat lagi.
screen-trouble-broken = Ada yang rusak di sini
screen-trouble-broken-text = Catatan simpul ini memuat sebabnya; beri tahu pengelola.
screen-nav-approvals = Persetujuan
screen-nav-batches = Batch
screen-nav-status = Keadaan
screen-nav-journal = Jurnal
screen-nav-people = Pemegang peran
screen-approvals-heading = Menunggu persetujuan
screen-batches = Batch
screen-proposals = Usulan
screen-proposal = Usulan { $other }
screen-nothing-waits = Tidak ada yang menunggu.
screen-for-you = menunggu Anda
screen-own-proposal = usulan Anda: orang lain yang menyetujui
screen-submitter = Pengaju
screen-alarms = Alarm
screen-no-alarms = Tidak ada alarm.
screen-declared = dinyatakan { $other }
screen-lapses = Rencana gugur setelah
screen-reason = Alasan
screen-endorsed-by = Sudah disetujui oleh
screen-step-approve = Setujui
screen-step-reject = Tolak
screen-step-suspend = Tangguhkan
screen-step-restore = Pulihkan
screen-step-realise = Realisasikan
screen-step-withdraw = Cabut
screen-take-back = Tarik kembali
screen-preview = Akibatnya, dihitung dulu
screen-imeis-changed = IMEI dengan jawaban lain
screen-numbers-changed = Nomor yang terkena
screen-numbers-worse = di antaranya memburuk
screen-door-and-brand = Pintu dan merek
screen-now = Sekarang
screen-then = Sesudahnya
screen-national = nasional
screen-unlisted = di luar semua daftar:
screen-changes-nothing = Tidak ada perangkat yang mendapat jawaban lain.
screen-sample = Contoh IMEI
screen-proposer = Pengusul
screen-since = Sejak
screen-entry = Entri
screen-when = Waktu
screen-who = Siapa
screen-what = Apa
screen-later = Lebih baru
screen-earlier = Lebih lama
screen-checkpoint = Kepala jurnal yang ditandatangani ({ $other } entri)
screen-checkpoint-text = Simpan di luar jangkauan register: dengan ini perubahan atas yang sudah tercatat dapat dibuktikan.
screen-title = Keterangan
screen-credentials = Tanda pengenal
screen-revoked = dicabut
screen-people-text = Peran diberikan oleh dua administrator: yang satu mengusulkan, yang lain menyetujui.
screen-age = Umur data
screen-checks-second = Cek per detik
screen-checks = Cek sejak simpul mulai
screen-memory = Memori
screen-disk = Disk
screen-rate-plot = Cek per detik, setengah jam terakhir
screen-rate-alt = Paling tinggi { $other } per detik.
screen-shares = Bagian menurut status
screen-capacity = Kapasitas
screen-used = IMEI terpakai
screen-growth-mean = Tumbuh sehari, rata-rata 30 hari
screen-growth-peak = Tumbuh sehari, minggu tertinggi
screen-days-left = Hari sampai penuh
screen-in-force = Berlaku
screen-suspended = Ditangguhkan
screen-expired = Berakhir
screen-planned = Rencana
screen-lapsed = Gugur
screen-submitted = Menunggu
screen-withdrawn = Dicabut
screen-trouble-no-batch = Batch itu tidak ada
screen-trouble-no-batch-text = Tidak ada batch dengan nomor itu.
screen-trouble-no-proposal = Usulan itu tidak menunggu
screen-trouble-no-proposal-text = Usulan dengan nomor itu tidak ada atau sudah diputuskan.
screen-trouble-refused = Register menolak
screen-refusals = Penolakan terakhir di jaringan
screen-times = { $other } kali

# Registrasi kartu: blokir lain, sebab lain, penyelesaian lain daripada IMEI.
registration-unknown = NOMOR TIDAK ADA DI DATA REGISTRASI
    .say = Nomor ini belum diserahkan operator mana pun. Ini registrasi kartu, bukan IMEI.
    .do = Minta pelanggan memeriksa registrasi kartunya lewat 4444 atau gerai operatornya.
    .contact = operator 4444
registration-registered = KARTU TERDAFTAR
    .say = Kartu ini terdaftar atas identitas pelanggan. Bila sinyal hilang, sebabnya bukan registrasi kartu.
    .do = Lihat jawaban untuk IMEI tiap slot.
    .contact = -
registration-unregistered = KARTU BELUM DIREGISTRASI
    .say = Kartu ini belum diregistrasi dengan NIK dan KK. Itu registrasi kartu, bukan IMEI.
    .do = Registrasi dengan NIK dan KK lewat 4444 atau gerai operator; 4444 tetap dapat dihubungi.
    .contact = operator 4444
registration-kk-mismatch = NIK DAN KK TIDAK COCOK
    .say = NIK dan nomor KK yang dikirim tidak cocok menurut Dukcapil. Itu registrasi kartu, bukan IMEI.
    .do = Periksa nomor KK yang terbaru, lalu registrasi ulang lewat 4444; bila tetap gagal, perbarui data di Dukcapil.
    .contact = operator 4444, Dukcapil
registration-nik-inactive = NIK TIDAK AKTIF
    .say = NIK yang dipakai tidak aktif di Dukcapil, misalnya karena belum merekam KTP-el. Itu registrasi kartu, bukan IMEI.
    .do = Aktifkan NIK di Dukcapil, lalu registrasi ulang lewat 4444.
    .contact = Dukcapil, lalu operator 4444
registration-withdrawn = NOMOR TIDAK DIPAKAI LAGI
    .say = Menurut operatornya nomor ini sudah dikembalikan. Ini registrasi kartu, bukan IMEI.
    .do = Minta pelanggan bertanya ke gerai operatornya.
    .contact = operator
registration-suket = Masih memakai Suket: ganti dengan KTP-el di Dukcapil, lalu perbarui lewat operator.
registration-next = Mulai { $until }: { $other }.
stage-none = TIDAK DIBLOKIR
stage-outgoing = PANGGILAN DAN SMS KELUAR DIBLOKIR
stage-incoming = PANGGILAN DAN SMS KELUAR DAN MASUK DIBLOKIR
stage-data = PANGGILAN, SMS DAN DATA DIBLOKIR
stage-total = SEMUA LAYANAN DIBLOKIR
