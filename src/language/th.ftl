### ข้อความของบรรทัดคำสั่งเป็นภาษาไทย en.ftl มีข้อความเดียวกันและตัวแปรเดียวกัน
### One section per command, by its name; names of messages begin with the section's.

## Everywhere

the-house = บริษัท
nobody-yet = ยังไม่มีใคร
minor-units = { $amount } หน่วยย่อยของ { $currency }
unspecified = ไม่ได้ระบุ
read-at = อ่าน ณ ลำดับที่ { $position }
left-out = ละไว้ { $count } รายการที่เก่ากว่า เพราะคำตอบจะใหญ่เกินไป ใช้ --as-of-position กับลำดับที่ก่อนหน้าเพื่อดู
date-as-of = ณ เวลา { $time }
date-known-at = ตามที่รู้ ณ { $time } คือลำดับที่ { $position }
date-end-of-day = สิ้นวันที่ { $day } (UTC)
date-as-of-day = ณ สิ้นวันที่ { $day } (UTC)
date-from = ตั้งแต่ { $time }
date-from-day = ตั้งแต่ต้นวันที่ { $day } (UTC)
date-to = ก่อน { $time }
date-to-day = ถึงสิ้นวันที่ { $day } (UTC)
date-no-day = ไม่มีวันหรือเวลา { $date }
date-other-era = { $date } เป็นปีคริสต์ศักราช แต่ปีอ่านตามที่แสดง คือปีพุทธศักราช ให้เขียน { $meant }
date-implausible = { $date } มีปีที่ไม่น่าเป็นไปได้ ต้องเป็นปีพุทธศักราชตั้งแต่ { $first } ถึง { $last }
error = ข้อผิดพลาด: { $text }
none = ไม่มี
days = { $count } วัน
months = { $count } เดือน
sales = { $count } รายการขาย

## Columns of several commands

column-partner = พันธมิตร
column-payable = ยอดที่จ่ายได้
column-minimum-payout = ยอดจ่ายขั้นต่ำ
column-position = ลำดับที่
column-occurred = เกิดขึ้นเมื่อ
column-about = เกี่ยวกับ
column-proposal = ข้อเสนอ
column-agreement = ข้อตกลง
column-amount = จำนวนเงิน
column-credit = เครดิต
column-currency = สกุลเงิน
column-decision = ผลตัดสิน
column-dispute = ข้อโต้แย้ง
column-from = ตั้งแต่
column-kind = ประเภท
column-lead = ลูกค้ามุ่งหวัง
column-opened = เปิดเมื่อ
column-outcome = ผล
column-owner = เจ้าของ
column-payout = การจ่ายเงิน
column-reference = อ้างอิง
column-rule = กติกา
column-sale = การขาย
column-state = สถานะ

## payables

payables-none = ไม่มียอดที่จ่ายได้
payables-below-minimum = ต่ำกว่าขั้นต่ำ ยกไปงวดหน้า
payables-pay = จ่าย
payables-on-hold = ระงับไว้ ห้ามจ่าย
payables-in-transit = อยู่ระหว่างโอน

## statement

statement-none = ไม่มีรายการ
statement-not-begun = เดือน { $month } ยังไม่เริ่ม
statement-json-or-format = ระบุทั้ง --json และ --format แบบอื่น ให้ใช้เพียงอย่างเดียว
statement-available = จ่ายได้เมื่อ
statement-title = ใบแจ้งยอดของ { $partner } ประจำเดือน{ $month }
house-name = ผู้ออกเอกสาร
house-address = ที่อยู่
statement-no-currency = --currency { $code } ต้องเป็นรหัส ISO 4217 (รายการที่หนึ่ง มีหน่วยย่อย) เช่น USD
statement-only-currency = สกุลเงิน
statement-partner = พันธมิตร
statement-period = ช่วงเวลา
statement-from-to = { $first } ถึง { $last } ({ $zone })
statement-running = ฉบับชั่วคราว: เดือนนี้ยังไม่สิ้นสุด ข้อมูลด้านล่างเป็นเท่าที่ทราบและอาจเปลี่ยนได้
statement-open = ฉบับชั่วคราว: เดือนนี้สิ้นสุดแล้วแต่ยังไม่ปิดงวด ข้อเท็จจริงที่ทราบภายหลังยังอาจทำให้เปลี่ยนได้
statement-closed = ฉบับสมบูรณ์: ปิดงวดทั้งหมดก่อน { $through } แล้ว (ลำดับที่ { $position }) ข้อเท็จจริงที่ทราบภายหลังจะนับในเดือนต่อไป มีเพียงยอดที่ข้อโต้แย้งพักไว้เท่านั้นที่ยังเปลี่ยนได้
statement-nothing = ไม่มีรายการเคลื่อนไหวและไม่มียอดค้าง
statement-date = วันที่
statement-kind = ประเภท
statement-sale = การขาย
statement-lead = ลูกค้ามุ่งหวัง
statement-reason = เหตุผล
statement-amount = จำนวนเงิน
statement-balance = ยอดคงเหลือ
statement-currency = สกุลเงิน
statement-agreement = ข้อตกลง
statement-campaign = แคมเปญ
statement-reference = อ้างอิง
statement-available-from = จ่ายได้ตั้งแต่
statement-occurred = วันที่เกิดขึ้น
statement-position = ลำดับที่
statement-recorded-by = บันทึกโดย
statement-opening = ยอดยกมา
statement-closing = ยอดยกไป
statement-late = เกิดขึ้นเมื่อ { $date } แต่บันทึกหลังปิดงวดนั้นแล้ว
statement-payable-heading = ยอดที่จ่ายได้ สกุลเงิน { $currency }
statement-working-closing = ยอดยกไป
statement-working-pending = - รอครบกำหนด
statement-working-awaiting = - รอลูกค้าชำระ
statement-awaiting = { $amount } จะจ่ายได้เมื่อลูกค้าชำระเงิน
statement-working-disputed = - อยู่ระหว่างโต้แย้ง
statement-working-payable = = ยอดที่จ่ายได้
statement-pay = ณ สิ้นเดือนมียอดที่จ่ายได้ { $amount }
statement-pay-nothing = ณ สิ้นเดือนไม่มียอดที่จ่ายได้
statement-below-minimum = มียอดที่จ่ายได้ { $amount } ซึ่งต่ำกว่ายอดจ่ายขั้นต่ำ { $minimum } จึงยกไปงวดหน้า
statement-negative = พันธมิตรค้างชำระ { $owed }: ตั้งแต่ต้นได้ค่าคอมมิชชัน { $earned } ถูกกลับรายการ { $taken } ได้รับเงินแล้ว { $paid } และพันธมิตรเก็บเงินจากลูกค้าไว้ { $collected } ค่าคอมมิชชันที่ได้ต่อจากนี้จะนำมาหักยอดค้างก่อน
statement-negative-other = ในยอดนี้เป็นรายการปรับปรุง ส่วนแบ่งค่าใช้จ่าย และส่วนแบ่งกำไรรวม { $amount }
statement-payable-negative = ไม่มียอดที่จ่ายได้: ยอดที่รอครบกำหนดหรืออยู่ระหว่างโต้แย้งเกินยอดคงเหลืออยู่ { $amount }
statement-available-on = { $amount } จะจ่ายได้ตั้งแต่ { $day }
statement-taken-on = { $amount } จะถูกหักคืนเมื่อ { $day } พร้อมค่าคอมมิชชันที่เกี่ยวข้อง
statement-held = { $amount } ถูกพักไว้โดยข้อโต้แย้ง { $dispute } เรื่อง{ $about } จนกว่าจะได้ข้อยุติ
statement-reason-cost = ค่าใช้จ่ายของแคมเปญ { $campaign }
statement-reason-others-too = เกี่ยวข้องกับผู้อื่นด้วย
statement-reason-rate = { $rate } ของ { $base } ตามกติกา { $rule }
statement-reason-tiers = ยอดขายสุทธิจาก { $before } เป็น { $after } ตามกติกา { $rule }
statement-reason-flat = จำนวนคงที่ตามกติกา { $rule }
statement-reason-cut-off = ตัดออก { $amount } เพราะถึงเพดาน
statement-reason-refund = คืนเงิน { $refund } จำนวน { $amount } ({ $why })
statement-reason-reinstated = ยกเลิกการคืนเงิน { $refund }
statement-reason-transfer-in = โอนลูกค้ามุ่งหวัง ค่าคอมมิชชันย้ายมาที่นี่
statement-reason-transfer-out = โอนลูกค้ามุ่งหวัง ค่าคอมมิชชันย้ายออกไป
statement-reason-returned = เงินจ่าย { $payout } ตีกลับ
statement-reason-advance = เงินล่วงหน้า
statement-reason-tax = หักภาษี ณ ที่จ่าย { $amount }
statement-reason-collected = พันธมิตรเก็บเงินจากลูกค้า { $amount }

statement-zone = เขตเวลา
statement-zone-named = { $zone } ตามที่ระบุ
statement-zone-shared = { $zone } ซึ่งเงื่อนไขของทุกข้อตกลงกับพันธมิตรใช้ร่วมกัน
statement-zone-differ = { $zone } เพราะเงื่อนไขของข้อตกลงกับพันธมิตรใช้เขตเวลาต่างกัน: { $zones }
statement-zone-none = { $zone } เพราะไม่มีเงื่อนไขกับพันธมิตรที่มีผลบังคับ
statement-on-hold = ณ สิ้นเดือนมียอดที่จ่ายได้ { $amount } แต่การจ่ายเงินให้พันธมิตรถูกระงับไว้
statement-in-transit = ในยอดที่จ่ายแล้ว { $amount } อยู่ระหว่างโอน ยังไม่ถึงผู้รับและยังไม่ล้มเหลว
statement-reason-failed = เงินจ่าย { $payout } ไปไม่ถึงผู้รับ
statement-reason-tax-added = บวกภาษีเพิ่ม { $amount }
statement-reason-document = เอกสาร { $number }
statement-reason-override = ส่วนของผู้ชักชวน จากข้อตกลง { $agreement } ระดับ { $level }
statement-reason-level = ส่วนของผู้ชักชวน ระดับ { $level }
statement-reason-awaits = จ่ายได้ตามที่ลูกค้าชำระ
statement-reason-bonus = เป็นโบนัส { $amount }
statement-reason-part = เป็นของบรรทัดนี้ { $amount }
statement-reason-voided = การขายถูกยกเลิกเสมือนไม่เคยมี
statement-reason-customer-paid = { $bounced ->
        [yes] เงินที่ลูกค้าชำระตีกลับ
       *[no] ลูกค้าชำระ
    } { $amount } ({ $receipt })
statement-reason-waited = ส่วนที่รอลูกค้าชำระ
statement-reason-released = ส่วนที่ลูกค้าชำระแล้ว
statement-line = บรรทัด
statement-level = ระดับ
statement-level-of = ระดับ { $level }

## disputes

disputes-lead = ลูกค้ามุ่งหวัง { $id }
disputes-sale = การขาย { $id }
disputes-payout = การจ่ายเงิน { $id }
disputes-none = ไม่มีข้อโต้แย้ง
disputes-opened-by = เปิดโดย
disputes-holds = พักไว้
disputes-claim = ข้ออ้าง
disputes-open = เปิดอยู่
disputes-held = { $amount } ของ { $partner }

## agreement

agreement-type = ประเภท
agreement-effective = มีผลเมื่อ
agreement-ends = สิ้นสุด
agreement-ends-by = { $time } โดย{ $cause }
agreement-supersedes = แทนที่ข้อตกลง
agreement-superseded-by = ถูกแทนที่ด้วย
agreement-recruited-by = ชักชวนโดย
agreement-uplines = ผู้ร่วมได้ค่าคอมมิชชัน
agreement-manager = ผู้ดูแล
agreement-manager-of = { $manager } (ฝ่าย{ $side })
agreement-terms = เงื่อนไข (ลำดับที่ { $position })
agreement-versions = ฉบับของเงื่อนไข
agreement-launch = การเริ่มต้น
agreement-reviews = การทบทวน
agreement-brand-uses = การใช้แบรนด์
agreement-breaches = การผิดข้อตกลง
agreement-in-force-from = มีผลตั้งแต่
agreement-step = ขั้นตอน
agreement-done = เสร็จเมื่อ
agreement-review = การทบทวน
agreement-held = จัดเมื่อ
agreement-summary = สรุป
agreement-brand-use = การใช้แบรนด์
agreement-asked-by = ผู้ขอ
agreement-channel = ช่องทาง
agreement-asset = ชิ้นงาน
agreement-requested = ขอเมื่อ
agreement-awaited = รอผล
agreement-approved = อนุมัติ { $time }
agreement-declined = ไม่อนุมัติ { $time }
agreement-breach = การผิดข้อตกลง
agreement-by = โดย
agreement-clause = ข้อ
agreement-reported = แจ้งเมื่อ
agreement-cure-by = แก้ไขภายใน
agreement-cured = แก้ไขเมื่อ
agreement-description = รายละเอียด

## append

append-progress = บันทึกแล้ว { $recorded }
append-summary = บันทึก { $recorded } รายการ เคยบันทึกแล้ว { $duplicates } รายการ บัญชีอยู่ที่ลำดับที่ { $position }
append-earned-nothing = { $count } รายการขายไม่ได้ค่าคอมมิชชัน: { $reasons }
append-nothing = บันทึก 0 รายการ
append-unreadable = อ่าน { $file } ไม่ได้: { $error }
append-line-unreadable = อ่านบรรทัดที่ { $line } ไม่ได้: { $error }
append-line = บรรทัดที่ { $line }
append-too-long = MALFORMED: ยาวกว่า { $bytes } ไบต์
json-enum = { $field }: '{ $value }' ไม่ใช่ค่าใดใน { $allowed }
json-at-column = { $error } คอลัมน์ที่ { $column }
append-again = ; ให้สั่งคำสั่งเดิมอีกครั้ง สิ่งที่บันทึกแล้วจะไม่ถูกบันทึกซ้ำ
append-no-outcome = บัญชีตอบโดยไม่มีผล
append-overloaded = บัญชีรับงานเกินกำลังและไม่รับรายการ ให้สั่งคำสั่งเดิมอีกครั้งภายหลัง
append-closed = บัญชีปิดการเชื่อมต่อ

## balance

balance-nothing = { $partner } ไม่มียอดคงเหลือ: ยังไม่มีรายการเคลื่อนไหว
balance-none = ไม่มีพันธมิตรที่มียอดคงเหลือ
balance-accrued = ค่าคอมมิชชัน
balance-reversed = กลับรายการ
balance-adjusted = ปรับปรุง
balance-cost-share = ส่วนแบ่งค่าใช้จ่าย
balance-distributed = ส่วนแบ่งกำไร
balance-collected = เก็บเงินแทน
balance-paid = จ่ายแล้ว
balance-in-transit = ในจำนวนนี้อยู่ระหว่างโอน
balance-returned = เงินจ่ายตีกลับ
balance-received = รับเงิน
balance-net = สุทธิ
balance-pending = รอครบกำหนด
balance-awaiting = ในจำนวนนี้รอลูกค้าชำระ
balance-disputed = อยู่ระหว่างโต้แย้ง

## explain

explain-refunded = คืนเงินแล้ว
explain-product = สินค้า
explain-collected-by = ผู้เก็บเงิน
explain-the-partner = พันธมิตร
explain-commission-left = ค่าคอมมิชชันคงเหลือ
explain-paid = จ่ายแล้ว
explain-rate = อัตรา
explain-window = ช่วงเวลา
explain-window-of = ตั้งแต่ { $start } ถึงก่อน { $end }
explain-tiers = ขั้นบันได
explain-cut-off = ตัดออกตามเพดาน
explain-commission = ค่าคอมมิชชัน
explain-available-from = จ่ายได้ตั้งแต่
explain-steps = ทีละขั้น
explain-what-happened = สิ่งที่เกิดขึ้น
explain-terms = เงื่อนไขที่ใช้
steps-registered = ลงทะเบียนพันธมิตร { $partner } ({ $name })
steps-signed =
    ลงนามข้อตกลง { $agreement } กับ { $partner } มีผลตั้งแต่ { $time }{ $applies ->
        [yes] {" "}และใช้เงื่อนไขของข้อตกลงนี้
       *[no] {""}
    }
steps-amended =
    { $taken ->
        [yes] ข้อตกลง { $agreement } ใช้เงื่อนไขของโปรแกรม { $programme }
       *[no] แก้ไขข้อตกลง { $agreement }
    } ตั้งแต่ { $time }{ $applies ->
        [yes] {" "}และใช้เงื่อนไขนี้
       *[no] {""}
    }
steps-referred = แนะนำลูกค้ามุ่งหวัง { $lead }
steps-owned =
    { $house ->
        [yes] บริษัท
       *[no] { $partner }
    } เป็นเจ้าของลูกค้ามุ่งหวัง { $lead } ตั้งแต่ { $since } เพราะ{ $why } { $credit ->
        [yes] ข้อตกลง { $agreement } ได้เครดิต
       *[no] ไม่มีข้อตกลงใดได้เครดิต
    }
steps-sold =
    การขาย { $sale } จำนวน { $amount } เมื่อ { $time }: { $outcome }{ $collected ->
        [yes] ; พันธมิตรเก็บเงินไว้ จึงเป็นหนี้บริษัท { $amount }
       *[no] {""}
    }
steps-earned = ได้ค่าคอมมิชชัน { $amount } ตามกติกา { $rule }: { $how }
steps-rate = { $rate } ของ { $base }
steps-rate-by-sale = { $rate } ของ { $base } ซึ่งเป็นอัตราเมื่อยอดขายสุทธิถึง { $before }
steps-tiers = ยอดขายสุทธิเพิ่มจาก { $before } เป็น { $after } ซึ่งได้ { $earned_after } แทน { $earned_before }
steps-rate-by-count = { $rate } ของ { $base } ซึ่งเป็นอัตราหลังจาก { $sales }
steps-tiers-count = อัตราหลังจาก { $sales }
steps-bonus = { $worked } โดยเป็นโบนัส { $amount }
steps-flat = จำนวนคงที่
steps-cut-off = ตัดออก { $amount } เพราะถึงเพดาน
steps-available = จ่ายได้ตั้งแต่ { $time }
steps-awaits = จ่ายได้ตามที่ลูกค้าชำระ
steps-no-credit = ไม่ได้ค่าคอมมิชชัน: ไม่มีข้อตกลงใดได้เครดิตของลูกค้ามุ่งหวัง
steps-agreement-ended = ไม่ได้ค่าคอมมิชชัน: ข้อตกลง { $agreement } สิ้นสุดแล้ว และระยะหลังสิ้นสุดไม่ครอบคลุมการขายนี้
steps-no-terms = ไม่ได้ค่าคอมมิชชัน: ข้อตกลง { $agreement } ไม่มีเงื่อนไขที่มีผลบังคับ
steps-part = { $lined ->
        [yes] รายการ { $line },{" "}
       *[no] {""}
    }ข้อตกลง { $agreement }{ $above ->
        [yes] {" "}(สูงกว่า { $downline } { $level } ชั้น)
       *[no] { $shared ->
            [yes] {" "}({ $share })
           *[no] {""}
        }
    }
steps-voided = การขายถูกยกเลิกเสมือนไม่เคยมี โดยเหลือยอด { $amount }{ $some ->
        [yes] ; เรียกคืนค่าคอมมิชชัน { $taken }
       *[no] {""}
    }
steps-customer-paid = { $bounced ->
        [yes] การชำระเงินของลูกค้าถูกตีกลับ
       *[no] ลูกค้าชำระเงิน
    }: { $amount } ({ $receipt }){ $released ->
        [some] ; ค่าคอมมิชชัน { $commission } ไม่ต้องรออีก
        [back] ; ค่าคอมมิชชัน { $commission } กลับไปรออีกครั้ง
       *[none] {""}
    }
explain-parts = ส่วนต่าง ๆ
explain-part = ส่วน
explain-base = ฐานคำนวณ
explain-awaiting = รอลูกค้าชำระ
explain-coupon = คูปอง
explain-paid-by-customer = ลูกค้าชำระแล้ว
explain-voided = ยกเลิกเมื่อ
record-recorded = บันทึกที่ตำแหน่ง { $position }: { $kind } เหตุการณ์ { $event }
record-before = บันทึกไว้แล้วก่อนหน้า ที่ตำแหน่ง { $position }: { $kind } เหตุการณ์ { $event }
record-would = จะถูกบันทึกที่ตำแหน่ง { $position }: { $kind } ยังไม่มีการบันทึกใด ๆ
record-again = ใช้ --event-id { $event } แล้วรันคำสั่งเดิมซ้ำได้: จะบันทึกเพียงครั้งเดียว
records-voided = ยกเลิกการขายโดยเหลือยอด { $amount }
steps-included = ไม่ได้ค่าคอมมิชชันเพิ่ม: กติกา { $rule } จ่ายครั้งเดียวต่อการขาย
steps-no-rule = ไม่ได้ค่าคอมมิชชัน: ไม่มีกติกาใดในเงื่อนไขที่ตรงกัน
steps-window = ไม่ได้ค่าคอมมิชชัน: กติกา { $rule } จ่ายเฉพาะตั้งแต่ { $start } ถึงก่อน { $end }
steps-unspecified = รายการบันทึกไม่ได้ระบุว่าได้เท่าใด
steps-no-commission = ไม่ได้ค่าคอมมิชชัน: ไม่ได้ระบุลูกค้ามุ่งหวังหรือข้อตกลง จึงนับในยอดรวมเท่านั้น
steps-refunded =
    คืนเงิน { $refund } จำนวน { $applied } ของการขาย: { $taken ->
        [some] เรียกค่าคอมมิชชันคืน { $amount }
        [exempt] ไม่เรียกค่าคอมมิชชันคืน เพราะเป็นความผิดของบริษัท
        [untold] ส่วนที่หักจากค่าคอมมิชชันของคุณอยู่ในใบแจ้งยอดของคุณ
       *[none] ไม่เรียกค่าคอมมิชชันคืน
    }
steps-reinstated =
    ยกเลิกการคืนเงิน { $refund }{ $given ->
        [yes] : ให้ค่าคอมมิชชันกลับ { $amount }
       *[no] {""}
    }
steps-moved = โอนลูกค้ามุ่งหวัง: ค่าคอมมิชชันที่ยังไม่จ่าย { $told ->
        [yes] { $amount } ย้าย
       *[no] ย้าย
    }จาก { $from } ไปที่ { $to }
steps-paid = จ่ายเงิน { $payout } ให้ { $partner } เป็นค่าคอมมิชชันของการขายนี้ { $amount }

## Access

whoami-what = เรื่อง
whoami-value = ค่า
whoami-principal = ผู้ใช้
whoami-authentication = รู้จักโดย
whoami-key = คีย์
whoami-roles = บทบาท
whoami-partner = พันธมิตร
whoami-events = บันทึกได้
whoami-none = ไม่มี
whoami-scope = เกี่ยวกับ
whoami-limits = ขีดจำกัด
whoami-expires = จนถึง
config-good = { $file } ถูกต้อง: ตัวเลือก { $options } รายการ
config-bad = { $file } ไม่ถูกต้อง:{ $faults }
access-good = { $file } ถูกต้อง: ผู้ใช้ { $principals } ราย
access-bad = { $file } ไม่ถูกต้อง:{ $faults }
access-no-principal = { $file } ไม่มี [[principal]] ชื่อ { $principal }
access-keys-otherwise = คีย์ของ { $principal } ไม่ได้เขียนเป็น [[principal.key]] ให้เขียนแบบนั้น หรือเพิ่มคีย์เอง
access-key-added = เพิ่มคีย์ { $id } ของ { $principal } ใน { $file } แล้ว ซึ่งเก็บเฉพาะแฮช: เก็บคีย์ไว้ให้ดี จะไม่แสดงอีก
access-principal = ผู้ใช้
access-roles = บทบาท
access-known-by = รู้จักโดย
access-appends = บันทึกได้
access-scope = เกี่ยวกับ
access-call = คำสั่ง
access-everybody = ทุกคนที่รู้จัก

## Failures

failure-fields = มี { $count } ช่องที่ไม่ถูกต้อง
failure-no-address = ไม่ได้ระบุที่อยู่ของบัญชี
failure-no-leader = ขณะนี้ไม่มีเซิร์ฟเวอร์ใดบันทึกรายการ ให้ลองใหม่ภายหลัง
failure-connect = เชื่อมต่อ { $address } ไม่ได้: { $error } ให้เริ่มบัญชีด้วย `partnership-ledger serve` หรือระบุ --address อื่น
failure-address = --address { $address }: { $error }
failure-only-http = รองรับเฉพาะ http:// และ https://
failure-key-in-the-open = คีย์หรือโทเคนจะผ่านเครือข่ายโดยไม่เข้ารหัส ให้ใช้ https://
failure-no-key = { $file } ไม่มีคีย์ API หรือโทเคน
failure-no-certificate = { $file } ไม่มีใบรับรองแบบ PEM
failure-output = เขียนผลลัพธ์ไม่ได้: { $error }
failure-idle = --{ $option } ไม่มีผลกับ `{ $command }` ไม่ต้องระบุ
failure-refused =
    { $code } ({ $code ->
        [MALFORMED] ข้อมูลไม่ถูกต้อง
        [EVENT_ID_REUSED] รหัสเหตุการณ์ถูกใช้กับข้อมูลอื่นแล้ว
        [OCCURRED_IN_FUTURE] เวลาอยู่ในอนาคต
        [DUPLICATE_ID] รหัสนี้ใช้ไปแล้ว
        [UNKNOWN_ID] ไม่รู้จักรหัสนี้
        [ALREADY_DONE] ทำไปแล้ว
        [PROPOSAL_MISMATCH] ไม่ตรงกับที่เสนอไว้
        [NOTICE_TOO_SHORT] ระยะบอกกล่าวสั้นเกินไป
        [NO_RUNNING_NOTICE] ไม่มีการบอกกล่าวที่มีผลอยู่
        [AGREEMENT_NOT_ACTIVE] ข้อตกลงไม่มีผล ณ เวลานั้น
        [PARTNER_MISMATCH] ข้อตกลงเป็นของพันธมิตรที่ไม่ถูกต้อง
        [SUCCESSION_TOO_EARLY] ข้อตกลงที่แทนที่มีผลก่อนข้อตกลงเดิม
        [EXPIRY_NOT_LATER] วันหมดอายุใหม่ต้องช้ากว่าเดิม
        [EXCLUSIVITY_CONFLICT] ขัดกับสิทธิแต่ผู้เดียว
        [PROTECTION_LAPSED] การคุ้มครองหมดแล้ว
        [LEAD_LOST] เสียลูกค้ามุ่งหวังไปแล้ว
        [TRANSFER_TOO_LARGE] ค่าคอมมิชชันที่จะโอนพร้อมกันมีหลายรายการเกินไป
        [NO_CREDIT] ไม่มีข้อตกลงที่ได้เครดิต
        [CURRENCY_MISMATCH] สกุลเงินไม่ตรงกัน
        [REFUND_EXCEEDS_SALE] คืนเงินเกินยอดขาย
        [EXCEEDS_PAYABLE] เกินยอดที่จ่ายได้
        [PARTNER_ON_HOLD] การจ่ายเงินให้พันธมิตรถูกระงับ
        [PAYOUT_NOT_SETTLED] เงินจ่ายยังไม่ถึงผู้รับ
        [RETURN_EXCEEDS_PAYOUT] คืนเกินยอดที่จ่าย
        [CLOSE_NOT_LATER] การปิดงวดต้องช้ากว่าครั้งก่อน
        [AMOUNT_OUT_OF_RANGE] จำนวนเงินใหญ่เกินไป
        [POSITION_PASSED] บัญชีเลยลำดับที่คาดไว้แล้ว
        [POSITION_NOT_REACHED] ยังไม่ถึงลำดับที่นั้น
        [NOT_A_PARTICIPANT] ไม่ได้เข้าร่วมแคมเปญ
        [CAMPAIGN_STOPPED] แคมเปญหยุดแล้ว
        [NOT_A_VENTURE] ไม่ใช่กิจการร่วมค้า
        [MESSAGE_TOO_LARGE] ข้อความใหญ่เกินไป
        [OVERLOADED] รับงานเกินกำลัง
        [STOPPED] บัญชีหยุดทำงาน
        [NOT_LEADER] เซิร์ฟเวอร์นี้ไม่ใช่ตัวที่บันทึก
        [NOT_LOGGED] บันทึกการเข้าถึงไม่ได้ จึงไม่ตอบ
        [DAMAGED] บัญชีเสียหาย
        [CHECKPOINTS_NOT_SIGNED] บัญชีนี้ไม่ลงนามจุดตรวจสอบ
        [CHECKPOINT_REFUSED] บัญชีปฏิเสธที่จะลงนามจุดตรวจสอบ
        [PROOFS_NOT_READY] หลักฐานยังไม่พร้อม
        [WITNESSES_MISSING] ลายเซ็นร่วมของพยานยังไม่ครบ
        [UNAVAILABLE] ติดต่อบัญชีไม่ได้
       *[other] ไม่สำเร็จ
    }): { $sentence }

## lead

lead-aliases = รู้จักในชื่อ
lead-since = ตั้งแต่
lead-decided = { $rule } ตัดสินที่ลำดับที่ { $position }
lead-protected-until = คุ้มครองถึง
lead-no-limit-or-awaited = ไม่จำกัด หรือรออนุมัติ
lead-awaited = รออนุมัติ
lead-no-limit = ไม่จำกัด
lead-why = เหตุผล
lead-acquired-by = ผู้หามา
lead-match-keys = คีย์จับคู่
lead-reason = เหตุผล
lead-no-such-key = ไม่มีลูกค้ามุ่งหวังที่มีคีย์จับคู่ { $key } โปรดตรวจสอบ คีย์เทียบกันทีละตัวอักษร
lead-owners = เจ้าของ
lead-declined = การอ้างสิทธิที่ถูกปฏิเสธ
lead-decided-at = ตัดสินที่
lead-claimed-at = อ้างสิทธิเมื่อ
lead-under = ตามข้อตกลง
lead-held-by = ผู้ถือ
lead-earlier = ก่อนเจ้าของ
lead-earlier-yes = ใช่: ให้เปิดข้อโต้แย้ง
lead-earlier-no = ไม่
lead-explained =
    { $owner } เป็นเจ้าของลูกค้ามุ่งหวังนี้ตั้งแต่ { $since } เพราะ{ $why } { $protection ->
        [always] คุ้มครองโดยไม่จำกัด
        [awaited] คุ้มครองระหว่างรออนุมัติ
        [always-or-awaited] คุ้มครองโดยไม่จำกัด หรือระหว่างรออนุมัติ
        [lost] เสียไปเมื่อ { $time } จึงไม่คุ้มครอง
        [lapsed] ไม่คุ้มครองแล้วตั้งแต่ { $time }
        [until] คุ้มครองถึง { $time }
       *[dated] กำหนดสิ้นสุดการคุ้มครอง { $time }
    }
lead-because =
    { $rule ->
        [FIRST_CLAIM] อ้างสิทธิก่อนใคร
        [HOUSE_LEAD] บริษัทเป็นผู้แนะนำก่อน
        [PROTECTION_LAPSED] อ้างสิทธิหลังจากการคุ้มครองเดิมหมดแล้ว
        [AFTER_LOSS] อ้างสิทธิหลังจากที่เสียไปแล้ว
        [JOINT_ALLOCATION] จัดสรรตามสัดส่วนของแคมเปญ
        [REASSIGNED] โอนให้ในเวลานั้น
        [END_ACQUIRER_KEEPS] ข้อตกลง { $agreement } สิ้นสุด ซึ่งเงื่อนไขให้ลูกค้ามุ่งหวังอยู่กับเจ้าของเดิม
        [END_TO_HOUSE] ข้อตกลง { $agreement } สิ้นสุด ซึ่งเงื่อนไขให้ลูกค้ามุ่งหวังเป็นของบริษัท
        [END_TO_PARTNER] ข้อตกลง { $agreement } สิ้นสุด ซึ่งเงื่อนไขให้ลูกค้ามุ่งหวังเป็นของพันธมิตร
        [SUCCESSION] ข้อตกลง { $agreement } แทนที่ข้อตกลงเดิม
       *[other] รายการบันทึกระบุไว้
    }

## payouts

payouts-none = ไม่มีการจ่ายเงิน
payouts-tax-withheld = ภาษีหัก ณ ที่จ่าย
payouts-returned = ตีกลับ
payouts-method = วิธีจ่าย
payouts-advance = { $method } (เงินล่วงหน้า)
payouts-state = สถานะ
payouts-state-since = { $state } { $time }
payouts-tax-added = ภาษีเพิ่ม
payouts-settled-amount = ยอดที่ออกจากธนาคาร
payouts-document = เอกสาร
payouts-summary-gross = ยอดก่อนหัก
payouts-summary-tax-withheld-returned = ภาษีหัก ณ ที่จ่ายที่คืน
payouts-summary-tax-added-returned = ภาษีเพิ่มที่คืน
payouts-summary-count = จำนวนครั้ง
payouts-summary-none = ไม่มีการจ่ายเงินหรือเงินตีกลับ
payouts-year = ในปี { $year } ({ $zone })

## remittance

remittance-title = ใบแจ้งการจ่ายเงินให้ { $partner }
remittance-partner = พันธมิตร
remittance-sent = ส่งเมื่อ
remittance-paid = จ่ายเมื่อ
remittance-gross = ค่าคอมมิชชันก่อนหัก
remittance-tax-withheld = - ภาษีหัก ณ ที่จ่าย
remittance-tax-added = + ภาษีเพิ่ม
remittance-total = = ยอดที่จ่าย
remittance-owed-before = ยอดค้างจ่ายก่อนหน้า
remittance-owed-after = ยอดค้างจ่ายหลังจ่าย
remittance-returned = เงินที่ตีกลับ
remittance-return = รายการตีกลับ
remittance-in-transit = เงินอยู่ระหว่างโอน
remittance-settled = เงินถึงผู้รับเมื่อ { $day }
remittance-failed = เงินไปไม่ถึงผู้รับ: คืนยอดทั้งหมดเมื่อ { $day }
remittance-currency = สกุลเงิน
remittance-advance = เงินล่วงหน้า
remittance-yes = ใช่

## records

records-away = ติดต่อบัญชีไม่ได้ แสดงครบถึงลำดับที่ { $position } แล้ว และจะแสดงต่อเมื่อบัญชีกลับมา ({ $error })
records-back = บัญชีกลับมาแล้ว
records-lost = การเชื่อมต่อกับบัญชีขาด: { $error }
records-none = ไม่มีรายการบันทึก
records-not-reached = ยังไม่มีรายการบันทึกลำดับที่ { $from } รายการสุดท้ายคือลำดับที่ { $last } (POSITION_NOT_REACHED) ใช้ --from { $next } เพื่อเริ่มจากรายการถัดไป
records-event = เหตุการณ์
records-effects = ผล
records-recorded = บันทึกเมื่อ
records-by = บันทึกโดย
records-assessed = { $outcome } ตามกติกา { $rule }
records-owner = เจ้าของ { $owner } ({ $rule }) เครดิต { $credit }
records-declined = ปฏิเสธการอ้างสิทธิ ผู้ถือคือ { $owner }
records-exclusivity = ละเมิดสิทธิแต่ผู้เดียวของ { $agreement }
records-approved = อนุมัติทันที
records-ends = สิ้นสุด { $time } โดย{ $cause }
records-protected = คุ้มครองถึง { $time }
records-protected-always = คุ้มครองไม่จำกัด
records-refunded = คืนเงิน { $amount }
records-refunded-cut = คืนเงิน { $amount } ตัดออก { $cut_off }

## Terms, as agreement and explain show them

terms-commission = ค่าคอมมิชชัน
terms-protection = การคุ้มครองลูกค้ามุ่งหวัง
terms-house-leads = ลูกค้าของบริษัท
terms-house-leads-credited = การขายให้ลูกค้าที่บริษัทหามานับเข้าข้อตกลงนี้
terms-leads-at-end = ลูกค้ามุ่งหวังเมื่อสิ้นสุด
terms-tail = ค่าคอมมิชชันหลังสิ้นสุด
terms-notice = การบอกกล่าว
terms-exclusivity = สิทธิแต่ผู้เดียว
terms-minimum-payout = ยอดจ่ายขั้นต่ำ
terms-brand = แบรนด์
terms-campaigns-at-end = แคมเปญเมื่อสิ้นสุด
terms-campaigns-stop = หยุด
terms-ownership = ความเป็นเจ้าของ
terms-ownership-of = บริษัท { $house } พันธมิตร { $partner }
terms-cadence = รอบการติดตาม
terms-cadence-of = ติดตามงานทุก { $check_in } ทบทวนทุก { $review }
terms-refunds = การคืนเงิน
terms-refunds-always = กลับค่าคอมมิชชันแม้เป็นความผิดของบริษัท
terms-owes = หน้าที่ของ{ $side }
terms-time-zone = เขตเวลา
terms-rule = { $name }: { $what }
terms-nothing = ไม่มี
terms-rate-sale = { $rate } ของแต่ละการขาย
terms-rate-lead = { $rate } ของแต่ละลูกค้ามุ่งหวังที่ผ่านคุณสมบัติ
terms-flat-sale = { $amount } ต่อการขาย
terms-flat-lead = { $amount } ต่อลูกค้ามุ่งหวังที่ผ่านคุณสมบัติ
terms-rate-above = { $rate } ของ{ $of ->
        [commission] ค่าคอมมิชชันของข้อตกลง
       *[sale] แต่ละการขายของข้อตกลง
    }{ $level ->
        [1] ที่ข้อตกลงนี้ชักชวนมา
       *[other] ที่อยู่ต่ำกว่าข้อตกลงนี้ { $level } ระดับ
    }
terms-coupons = เฉพาะเมื่อใช้ { $coupons }
terms-customer = { $customer ->
        [new] เฉพาะการซื้อครั้งแรกของลูกค้ามุ่งหวัง
       *[returning] เฉพาะการซื้อหลังจากครั้งแรกของลูกค้ามุ่งหวัง
    }
terms-minimum-sale = เฉพาะการขายตั้งแต่ { $amount } ขึ้นไป
terms-max-per-sale = ไม่เกิน { $amount } ต่อการขาย
terms-payable-on-customer = จ่ายได้ตามที่ลูกค้าชำระ
terms-products = เฉพาะ { $products }
terms-first-sales = เฉพาะ { $sales }แรกของลูกค้ามุ่งหวัง
terms-window-referral = เป็นเวลา { $months } นับจากการแนะนำ
terms-window-first-sale = เป็นเวลา { $months } นับจากการขายครั้งแรก
terms-window-agreement = เป็นเวลา { $months } นับจากวันเริ่มข้อตกลง
terms-cap = ไม่เกิน { $amount } ต่อลูกค้ามุ่งหวัง
terms-hold = จ่ายได้หลัง { $days }
terms-band = { $rate } ตั้งแต่ { $amount }
terms-band-bonus = { $rate } กับโบนัส { $bonus } ตั้งแต่ { $amount }
terms-tiers-count = { $bands } ของแต่ละการขาย ตามจำนวนการขาย{ $period }ก่อนหน้า
terms-tiers = { $bands } ของยอดขายสุทธิ{ $period } { $how }
terms-tiers-lifetime = ตลอดเวลา
terms-tiers-per = ต่อ{ $period }
terms-tiers-retroactive = คิดย้อนทั้งยอด
terms-tiers-by-sale = คิดแต่ละการขายตามยอดก่อนหน้า
terms-tiers-marginal = คิดเฉพาะส่วนของแต่ละขั้น
terms-protected-always = ไม่จำกัด
terms-protected-referral = { $days } นับจากการแนะนำ
terms-protected-approval = { $days } นับจากการอนุมัติ
terms-leads-to-house = เป็นของบริษัท
terms-leads-to-partner = เป็นของพันธมิตร
terms-leads-stay = อยู่กับเจ้าของเดิม
terms-tail-days = เป็นเวลา { $days } สำหรับลูกค้ามุ่งหวังที่ได้มาก่อน
terms-tail-window = สำหรับลูกค้ามุ่งหวังที่ได้มาก่อน ตลอดช่วงเวลาของกติกา
terms-notice-none = ไม่ต้องบอกกล่าว
terms-bound-both = ทั้งสองฝ่าย
terms-bound = { $side }
terms-exclusive-months = { $bound }ต้องไม่ทำงานกับ { $others } เป็นเวลา { $months }
terms-exclusive-end = { $bound }ต้องไม่ทำงานกับ { $others } จนสิ้นสุดข้อตกลง
terms-category = พันธมิตรในหมวด { $categories }
terms-nor-with = { $others } หรือ { $more }
terms-allowed = อนุญาต: { $channels }
terms-to-be-approved = ต้องขออนุมัติ: { $channels }

## trial-balance

trial-balance-none = ไม่มีบัญชีที่เคลื่อนไหว
trial-balance-account = บัญชี
trial-balance-debit = เดบิต
trial-balance-credit = เครดิต
trial-balance-damaged = ผลรวมของบัญชีไม่เป็นศูนย์: บัญชีเสียหาย

## checkpoint, proof, verify-proof, audit, checkpoint-key, witness

proofs-bad-policy = { $file } ไม่ใช่นโยบายที่ใช้ได้: { $error }
checkpoint-cosigned = ลงนามร่วมโดย { $witnesses }
checkpoint-not-cosigned = ไม่ได้ลงนามร่วมโดย { $witness }
checkpoint-no-quorum = ลายเซ็นร่วมน้อยกว่าที่นโยบายของบัญชีกำหนด
proof-same-file = { $file } ถูกระบุทั้งสำหรับหลักฐานและสำหรับรายการ: แต่ละอย่างต้องมีไฟล์ของตัวเอง
proof-written = หลักฐานว่ารายการบันทึกที่ { $position } อยู่ในจุดตรวจสอบของ { $signed } รายการ
verify-proof-well = รายการบันทึกที่ { $position } ของ { $origin } ตรงกับที่อยู่ในจุดตรวจสอบที่ลงนามแล้วของ { $size } รายการ
verify-proof-no-witness = ไม่มีพยานลงนามร่วม: การที่บัญชีแสดงสิ่งเดียวกันแก่ผู้อื่นเป็นเพียงคำกล่าวของบัญชีเอง
audit-well = เรียบร้อยดี: รายการบันทึกทั้ง { $size } รายการของ { $origin } ถูกแฮชใหม่และมีรากที่ลงนามแล้ว { $root }
audit-goes-on = ต่อเนื่องจาก { $before } รายการที่เห็นครั้งล่าสุด
audit-first = ยังไม่เคยเห็นมาก่อน: จะจดจำตั้งแต่นี้ไป
audit-found = { $finding } หลักฐานอยู่ใน { $directory }
checkpoint-key-new = กุญแจอยู่ใน { $file } และสิ่งที่ลงนามแล้วอยู่ใน { $state }: เก็บไว้ทั้งสอง และอย่ากู้คืนสำเนาเก่าของไฟล์หลัง
checkpoint-key-adopted = กุญแจลงนามแล้ว { $size } รายการ และจะไม่ลงนามสิ่งที่ขัดกัน
witness-serves = ลงนามร่วมในชื่อ { $key }

## verify

verify-no-ledger-there = ไม่มี { $place } โปรดตรวจสอบ --store และ --ledger
verify-no-ledger = { $directory } ไม่มีบัญชี: ไม่มีไดเรกทอรี wal
verify-problems = พบปัญหา { $count } รายการ
verify-records = รายการบันทึก
verify-records-in = { $records } ใน { $count } ส่วนของบันทึก
verify-store = ที่เก็บ
verify-store-of = { $records } รายการในนั้น
verify-root = รากของต้นไม้
verify-replayed = เล่นซ้ำถึง
verify-accounts = บัญชี
verify-trial-balance = งบทดลอง
verify-zero = เป็นศูนย์ทุกลำดับที่เล่นซ้ำ
verify-not-zero = ไม่เป็นศูนย์
verify-note = หมายเหตุ: { $note }
verify-problem = ปัญหา: { $problem }
verify-more = และปัญหาอีก { $count } รายการ --json แสดงทั้งหมด
verify-well = เรียบร้อยดี

## backup and restore

backup-needs-directory = --follow และ --status ต้องใช้กับไดเรกทอรี: --to DIR
backup-terminal = ข้อมูลสำรองไม่ใช่ข้อความ: ให้ส่งลงแฟ้มหรือส่งต่อให้คำสั่งอื่น (> FILE, | COMMAND) หรือระบุไดเรกทอรี: --to DIR
backup-output = เอาต์พุตมาตรฐาน
backup-done =
    ลำดับที่ { $position } รากของต้นไม้ { $root }: คัดลอก { $count ->
       *[other] { $records }
    } รายการ { $bytes } ไบต์ ใน { $seconds } วินาที
backup-store-once = ฐานข้อมูลสำรองได้ครั้งละหนึ่งครั้ง โดยไม่ใช้ --follow และ --status หากต้องการสำรองต่อเนื่อง ให้สำรองจากบัญชีที่ทำงานอยู่
backup-silent = บัญชีไม่ตอบมาหนึ่งนาทีแล้ว
backup-lost = การเชื่อมต่อกับบัญชีขาด: { $error }
backup-followed =
    ลำดับที่ { $position }: เพิ่ม { $count ->
       *[other] { $records }
    } รายการ ช้ากว่า { $behind } วินาที
backup-away = ติดต่อบัญชีไม่ได้ ข้อมูลสำรองครบถึงลำดับที่ { $position } และจะทำต่อเมื่อบัญชีกลับมา ({ $error })
backup-back = บัญชีกลับมาแล้ว
backup-stopped = หยุดที่ลำดับที่ { $position } รากของต้นไม้ { $root }
backup-files = แฟ้ม
backup-files-of = { $count } แฟ้ม { $bytes } ไบต์
backup-copied-at = เพิ่มล่าสุดเมื่อ
backup-ledger-at = บัญชีอยู่ที่
backup-behind = ช้ากว่า
backup-up-to-date = ไม่ช้า
backup-behind-by =
    { $count ->
       *[other] { $records }
    } รายการ รายการเก่าสุดบันทึกเมื่อ { $seconds } วินาทีก่อน
restore-input = อินพุตมาตรฐาน
restore-not-empty = { $place } มีรายการอยู่แล้ว ข้อมูลสำรองกู้คืนได้เฉพาะลงในบัญชีที่ยังไม่มีรายการ ให้ใช้ชื่ออื่นใน --ledger
restore-is-led = มีเซิร์ฟเวอร์ที่นำ { $place } อยู่ ให้หยุดก่อน
restore-done = ลำดับที่ { $position } รากของต้นไม้ { $root }: กู้คืนไปที่ { $directory } ข้อมูลรายการ { $bytes } ไบต์ ใน { $seconds } วินาที
restore-checked = ลำดับที่ { $position } รากของต้นไม้ { $root }: ข้อมูลสำรองครบถ้วน ข้อมูลรายการ { $bytes } ไบต์ ตรวจใน { $seconds } วินาที

## partners

partners-name = ชื่อ
partners-kind = ประเภท
partners-categories = หมวดหมู่
partners-country = ประเทศ
partners-registered = ลงทะเบียน
partners-agreements = ข้อตกลง
partners-fit = ความเหมาะสม
partners-fits = เหมาะสม
partners-fits-not = ไม่เหมาะสม
partners-competes = เป็นคู่แข่ง
partners-none = ไม่มีพันธมิตร

## agreements

agreements-agreement = ข้อตกลง
agreements-type = ประเภท
agreements-state = สถานะ
agreements-effective = มีผลตั้งแต่
agreements-ends = สิ้นสุด
agreements-ends-by = { $time } เพราะ{ $cause }
agreements-none = ไม่มีข้อตกลง

## programme, programmes

programme-programme = โปรแกรม
programme-defined = กำหนดเมื่อ
programme-agreements = จำนวนข้อตกลง
programme-versions-count = จำนวนฉบับ
programme-terms-position = เงื่อนไขลำดับที่
programme-binds = ใช้กับ
programme-binds-new = ข้อตกลงที่มีผลตั้งแต่นั้นไป
programme-binds-existing = ข้อตกลงที่มีอยู่ด้วย
programme-from-the-beginning = แรกเริ่ม
programmes-none = ไม่มีโปรแกรม

## leads

leads-lead = ลูกค้ามุ่งหวัง
leads-state = สถานะ
leads-owner = เจ้าของ
leads-credit = ข้อตกลงที่ได้เครดิต
leads-since = ตั้งแต่
leads-rule = กติกา
leads-protected-until = คุ้มครองถึง
leads-acquired-by = ผู้หามา
leads-none = ไม่มีลูกค้ามุ่งหวัง

## campaign and campaigns

campaign-campaign = แคมเปญ
campaign-title = ชื่อ
campaign-type = ประเภท
campaign-state = สถานะ
campaign-starts = แผนเริ่ม
campaign-ends = แผนจบ
campaign-started = เริ่มเมื่อ
campaign-ended = จบเมื่อ
campaign-stops = หยุดเมื่อ
campaign-summary = สรุปผล
campaign-participants = ผู้ร่วมแคมเปญ
campaign-participant = ผู้ร่วม
campaign-cost-share = ส่วนแบ่งค่าใช้จ่าย
campaign-lead-share = ส่วนแบ่งลูกค้ามุ่งหวัง
campaign-goal = เป้าหมาย
campaign-joint-leads = ลูกค้ามุ่งหวังร่วม
campaign-deliverables = งานส่งมอบ
campaign-deliverable = งาน
campaign-owed-by = ผู้รับผิดชอบ
campaign-weight = น้ำหนัก
campaign-due = กำหนดส่ง
campaign-delivered = ส่งมอบ
campaign-not-yet = ยังไม่ส่ง
campaign-description = รายละเอียด
campaign-costs = ค่าใช้จ่าย
campaign-cost = รายการ
campaign-amount = จำนวนเงิน
campaign-paid-by = ผู้จ่าย
campaign-reach = การเข้าถึง
campaign-measured-by = ผู้วัด
campaign-house-audience = ผู้ชมของบริษัท
campaign-partner-audience = ผู้ชมของพันธมิตร
campaign-overlap = ส่วนที่ซ้ำกัน
campaign-impressions = การแสดงผล
campaign-visits = การเข้าชม
campaign-registrations = ผู้ลงทะเบียน
campaign-mentions = การกล่าวถึง
campaigns-with = ร่วมกับ
campaigns-delivered = ส่งมอบแล้ว
campaigns-delivered-of = { $delivered } จาก { $all }
campaigns-none = ไม่มีแคมเปญ

## metrics

metrics-of-all = ตัวเลขของทั้งหมด
metrics-of-partner = ตัวเลขของพันธมิตร { $id }
metrics-of-agreement = ตัวเลขของข้อตกลง { $id }
metrics-of-campaign = ตัวเลขของแคมเปญ { $id }
metrics-from = ตั้งแต่ { $time }
metrics-to = ก่อน { $time }
metrics-fraction = { $percent } ({ $part } จาก { $whole })
metrics-leads-and-deals = ลูกค้ามุ่งหวังและดีล
metrics-leads = ลูกค้ามุ่งหวัง
metrics-registrations = ผู้ลงทะเบียน
metrics-qualified = ผ่านคุณสมบัติ
metrics-conversion = อัตราผ่านคุณสมบัติ
metrics-deals = ดีล
metrics-close-rate = อัตราปิดการขาย
metrics-money = เงิน
metrics-revenue = รายได้
metrics-commission = - ค่าคอมมิชชัน
metrics-net-revenue = = รายได้สุทธิ
metrics-cost = - ค่าใช้จ่ายของบริษัท
metrics-net-result = = ผลลัพธ์สุทธิ
metrics-average-deal = ดีลเฉลี่ย
metrics-cost-per-registration = ค่าใช้จ่ายต่อผู้ลงทะเบียน
metrics-cost-per-qualified = ค่าใช้จ่ายต่อรายที่ผ่านคุณสมบัติ
metrics-cost-per-deal = ค่าใช้จ่ายต่อดีล
metrics-return-on-cost = ผลตอบแทนต่อค่าใช้จ่าย
metrics-share-of-all-revenue = สัดส่วนในรายได้ทั้งหมด
metrics-share-of-partners = ส่วนที่มาจากพันธมิตร
metrics-out-of-range = เกิน 64 บิต
metrics-left-out = ค่าที่แสดงเป็น 0 อาจถูกละไว้
metrics-reach = การเข้าถึง
metrics-combined-audience = ผู้ชมรวม
metrics-uplift = เทียบกับผู้ชมของบริษัทเอง
metrics-impressions = การแสดงผล
metrics-visits = การเข้าชม
metrics-visit-rate = อัตราการเข้าชม
metrics-mentions = การกล่าวถึง
metrics-effort = การลงแรงตามน้ำหนักงานที่ถึงกำหนด
metrics-participant = ผู้ร่วม
metrics-due = ถึงกำหนด
metrics-delivered = ส่งมอบแล้ว
## alerts

alerts-none = ไม่มีเรื่องที่ต้องดูแล
alerts-since = ตั้งแต่
alerts-alert = การแจ้งเตือน
alerts-what-to-do = สิ่งที่ต้องทำ
alerts-missing-manager =
    ข้อตกลง { $agreement } กับ { $partner }: { $side ->
        [house] บริษัทยังไม่มีผู้ดูแล ให้แต่งตั้ง
        [partner] พันธมิตรยังไม่มีผู้ดูแล ขอให้แต่งตั้ง
       *[both] ทั้งสองฝ่ายยังไม่มีผู้ดูแล ให้แต่งตั้งฝ่ายละคน
    }
alerts-check-in-overdue =
    การติดตามงานของข้อตกลง { $agreement } กับ { $partner } ครบกำหนดเมื่อ { $due } { $held ->
        [yes] ครั้งล่าสุดเมื่อ { $last }
       *[no] ยังไม่เคยติดตาม
    }: นัดคุยความคืบหน้า อุปสรรค และแผนเดือนหน้า แล้วบันทึกผล
alerts-review-overdue =
    การทบทวนรายไตรมาสของข้อตกลง { $agreement } กับ { $partner } ครบกำหนดเมื่อ { $due } { $held ->
        [yes] ครั้งล่าสุดเมื่อ { $last }
       *[no] ยังไม่เคยทบทวน
    }: ดูตัวเลขร่วมกันแล้วตัดสินใจว่าจะทำต่อ ขยาย ต่ออายุ ปรับ หรือยุติ แล้วบันทึกผล
alerts-effort = { $who } ส่งมอบ { $delivered } จาก { $due } ที่ครบกำหนด
alerts-unequal-effort = แคมเปญ { $campaign }: { $efforts } ให้ตกลงกันว่าใครส่งมอบอะไรภายในเมื่อใด
alerts-goals-differ = แคมเปญ { $campaign }: ผู้ร่วมแคมเปญต้องการต่างกัน ({ $goals }) ให้ตกลงเป้าหมายเดียวที่จะใช้วัดผล
alerts-expiry-near = ข้อตกลง { $agreement } กับ { $partner } หมดอายุ { $ends }: ต่ออายุ หรือตกลงเรื่องลูกค้ามุ่งหวังและแคมเปญหลังสิ้นสุด
alerts-notice-ending = ข้อตกลง { $agreement } กับ { $partner } สิ้นสุด { $ends } ตามการบอกกล่าว: ขอให้ถอนการบอกกล่าว หรือสะสางลูกค้ามุ่งหวัง แคมเปญ และการจ่ายเงินก่อนถึงวันนั้น
alerts-exclusivity-ending = สิทธิแต่ผู้เดียวของข้อตกลง { $agreement } กับ { $partner } สิ้นสุด { $ends }: แก้ไขข้อตกลงหากต้องการให้มีผลต่อไป หรือวางแผนว่าจะร่วมงานกับใครหลังจากนั้น
alerts-exclusivity-breached = สิทธิแต่ผู้เดียวของข้อตกลง { $agreement } กับ { $partner } ถูกละเมิดโดยข้อตกลง { $by_agreement } กับ { $by_partner }: ตกลงกับพันธมิตร แก้ไขสิทธิแต่ผู้เดียว หรือยุติข้อตกลงใดข้อตกลงหนึ่ง
alerts-brand-use-undecided =
    { $side ->
        [house] บริษัท
       *[partner] พันธมิตร
    }ขอใช้แบรนด์ { $id } ({ $channel }) ตามข้อตกลง { $agreement } กับ { $partner }: อนุมัติหรือปฏิเสธ
alerts-breach-uncured =
    { $side ->
        [house] บริษัท
       *[partner] พันธมิตร
    }ต้องแก้ไขการผิดข้อตกลง { $id } ({ $clause }) ของข้อตกลง { $agreement } กับ { $partner } ภายใน { $due }: ให้แก้ไข กำหนดเวลาใหม่ หรือยุติข้อตกลง
alerts-negative-balance = { $partner } เป็นหนี้บริษัท { $amount }: ตกลงวิธีชำระคืน หรือหักจากค่าคอมมิชชันที่จะได้ต่อไป
alerts-payable-due = มียอด { $amount } ที่ต้องจ่ายให้ { $partner }: จ่ายเงินแล้วบันทึกการจ่าย
alerts-dispute-open = ข้อพิพาท { $id } เรื่อง{ $about } เปิดมาตั้งแต่ { $opened }: รับฟังทั้งสองฝ่ายแล้วบันทึกข้อยุติ
alerts-leads-without-earning-agreement = ลูกค้ามุ่งหวัง { $count } รายของข้อตกลง { $agreement } กับ { $partner } ที่สิ้นสุดแล้วไม่ก่อให้เกิดค่าคอมมิชชัน ทั้งที่ { $partner } มีข้อตกลงที่มีผลอยู่: ลงนามข้อตกลงที่แทนที่ข้อตกลงเดิม หรือโอนลูกค้ามุ่งหวังเหล่านั้น
alerts-hold-long = การจ่ายเงินให้ { $partner } ถูกระงับ ({ $id }) ตั้งแต่ { $placed }: ตรวจสอบเหตุที่ระงับ แล้วยกเลิกการระงับหรือสะสางเรื่องให้เสร็จ
alerts-protection-lapsing = ลูกค้ามุ่งหวัง { $lead } ของ { $owner } ได้รับการคุ้มครองถึง { $ends }: ทำให้ผ่านคุณสมบัติ ขยายการคุ้มครอง หรือปล่อยให้ผู้อ้างสิทธิรายต่อไป

## launch

launch-agreement = ข้อตกลง
launch-partner = พันธมิตร
launch-manager = ผู้ดูแล
launch-manager-of = { $manager } (ฝ่าย{ $side })
launch-fit = ความเหมาะสม
launch-not-assessed = ยังไม่ได้ประเมิน
launch-fits = เหมาะสม
launch-does-not-fit = ไม่เหมาะสม
launch-competitor = ไม่เหมาะสม: เป็นคู่แข่ง
launch-fit-marks = { $verdict } (เต็ม 5: เสริมกัน { $complementarity } กลุ่มเป้าหมายร่วม { $audience } แบรนด์สอดคล้อง { $brand })
launch-number = ที่
launch-step = ขั้นตอน
launch-done = เสร็จเมื่อ
launch-recorded-by = บันทึกโดย
launch-notes = หมายเหตุ
launch-passed-over = ข้ามไป
launch-follows = ทราบจากข้อตกลง
launch-next = ขั้นต่อไป: { $step }
launch-complete = ไม่มี ผ่านครบทุกขั้นตอนแล้ว
launch-do-identified = หาพันธมิตรที่น่าสนใจ 5 ถึง 10 ราย
launch-do-contacted = ติดต่อทางอีเมลหรือผ่านผู้แนะนำ
launch-do-initial-call = คุยครั้งแรกเพื่อดูว่าเหมาะสมกันหรือไม่
launch-do-type-defined = กำหนดรูปแบบความร่วมมือ: การตลาดร่วม การเชื่อมต่อระบบ ช่องทางจำหน่าย หรือกิจการร่วมค้า
launch-do-agreement-drafted = ร่างข้อตกลง: ขอบเขต ส่วนแบ่งรายได้ สิทธิแต่ผู้เดียว
launch-do-legal-reviewed = ให้ฝ่ายกฎหมายตรวจ หากจำเป็น
launch-do-signed = ลงนามในข้อตกลง
launch-do-kicked-off = ประชุมเริ่มงานและตกลงเรื่องแคมเปญแรก
launch-do-first-campaign = ดำเนินแคมเปญแรก
launch-do-results-reviewed = ทบทวนผล: คุ้มที่จะทำต่อหรือไม่
launch-do-decided = ปรับปรุงหรือขยาย หากสำเร็จ

## Words for the values of enums, named as the contract names them

authentication-none = ไม่ได้ตรวจ: ทุกคนทำได้ทุกอย่าง
authentication-api-key = คีย์ API
authentication-token = โทเคน
authentication-certificate = ใบรับรองของไคลเอนต์
role-emitter = ผู้ส่งเหตุการณ์
role-partner = พันธมิตร
role-manager = ผู้จัดการ
role-finance = การเงิน
role-auditor = ผู้ตรวจสอบ
role-admin = ผู้ดูแลระบบ
side-house = บริษัท
side-partner = พันธมิตร

bound-house = บริษัท
bound-partner = พันธมิตร
bound-both = ทั้งสองฝ่าย

commission-trigger-sale = การขาย
commission-trigger-lead-qualified = ลูกค้ามุ่งหวังที่ผ่านคุณสมบัติ
commission-trigger-recruited-sale = การขายของข้อตกลงที่ชักชวนมา

customer-kind-new = ลูกค้าใหม่
customer-kind-returning = ลูกค้าเดิม

payable-on-sale = เมื่อขาย
payable-on-customer-payment = เมื่อลูกค้าชำระ

override-base-sale = การขาย
override-base-commission = ค่าคอมมิชชัน

tier-measure-net-sales = ยอดขายสุทธิ
tier-measure-sales = จำนวนการขาย

window-anchor-lead-referred = วันที่แนะนำ
window-anchor-first-sale = การขายครั้งแรก
window-anchor-agreement-effective = วันเริ่มข้อตกลง

protection-anchor-referral = วันที่แนะนำ
protection-anchor-approval = วันที่อนุมัติ

leads-at-end-acquirer-keeps = ผู้หามาเก็บไว้
leads-at-end-house = บริษัท
leads-at-end-partner = พันธมิตร

tail-mode-none = ไม่มี
tail-mode-days = จำนวนวัน
tail-mode-remaining-window = ช่วงเวลาที่เหลือ

campaigns-at-end-continue = ทำต่อ
campaigns-at-end-stop = หยุด

tier-mode-marginal = เฉพาะส่วน
tier-mode-retroactive = ย้อนทั้งยอด
tier-mode-by-sale = รายการขาย

tier-period-month = เดือน
tier-period-quarter = ไตรมาส
tier-period-year = ปี
tier-period-lifetime = ตลอดเวลา

brand-channel-website = เว็บไซต์
brand-channel-co-branded = สื่อร่วมแบรนด์
brand-channel-advertising = โฆษณา
brand-channel-social = สื่อสังคม
brand-channel-press-release = ข่าวประชาสัมพันธ์
brand-channel-other = อื่น ๆ

partner-kind-reseller = ตัวแทนจำหน่าย
partner-kind-affiliate = ผู้แนะนำ
partner-kind-technology = พันธมิตรเทคโนโลยี
partner-kind-agency = เอเจนซี
partner-kind-media = สื่อ
partner-kind-joint-venture = กิจการร่วมค้า
partner-kind-other = อื่น ๆ

agreement-type-co-marketing = การตลาดร่วม
agreement-type-integration = การเชื่อมต่อระบบ
agreement-type-channel = ช่องทางจำหน่าย
agreement-type-joint-venture = กิจการร่วมค้า

termination-cause-notice = การบอกกล่าว
termination-cause-mutual = ความตกลงร่วมกัน
termination-cause-breach = การผิดข้อตกลง

launch-step-identified = ระบุพันธมิตร
launch-step-contacted = ติดต่อแล้ว
launch-step-initial-call = คุยครั้งแรก
launch-step-type-defined = กำหนดรูปแบบ
launch-step-agreement-drafted = ร่างข้อตกลง
launch-step-legal-reviewed = ฝ่ายกฎหมายตรวจแล้ว
launch-step-signed = ลงนาม
launch-step-kicked-off = เริ่มงาน
launch-step-first-campaign = แคมเปญแรก
launch-step-results-reviewed = ทบทวนผล
launch-step-decided = ตัดสินใจแล้ว

review-kind-check-in = ติดตามงาน
review-kind-quarterly-review = ทบทวนรายไตรมาส

review-decision-continue = ทำต่อ
review-decision-expand = ขยาย
review-decision-renew = ต่ออายุ
review-decision-adjust = ปรับ
review-decision-end = ยุติ

breach-clause-exclusivity = สิทธิแต่ผู้เดียว
breach-clause-brand-use = การใช้แบรนด์
breach-clause-deliverables = งานส่งมอบ
breach-clause-payment = การจ่ายเงิน
breach-clause-other = อื่น ๆ

acquired-by-partner = พันธมิตร
acquired-by-house = บริษัท
acquired-by-joint = ร่วมกัน

refund-reason-customer-request = ลูกค้าขอ
refund-reason-chargeback = ธนาคารเรียกเงินคืน
refund-reason-fraud = ฉ้อโกง
refund-reason-error = ข้อผิดพลาด
refund-reason-house-fault = ความผิดของบริษัท

dispute-outcome-upheld = ฟังขึ้น
dispute-outcome-dismissed = ยกคำร้อง
dispute-outcome-settled = ตกลงกันได้

campaign-type-joint-webinar = สัมมนาออนไลน์ร่วม
campaign-type-co-branded-content = เนื้อหาร่วมแบรนด์
campaign-type-bundle-offer = ข้อเสนอแบบรวมชุด
campaign-type-cross-promotion = โปรโมตข้ามกัน
campaign-type-event-sponsorship = สนับสนุนงาน

campaign-goal-leads = ลูกค้ามุ่งหวัง
campaign-goal-sales = ยอดขาย
campaign-goal-awareness = การรับรู้
campaign-goal-content = เนื้อหา
campaign-goal-other = อื่น ๆ

distribution-method-by-ownership = ตามสัดส่วนเจ้าของ
distribution-method-capital-first = คืนทุนก่อน

entry-kind-accrual = ค่าคอมมิชชัน
entry-kind-reversal = กลับรายการ
entry-kind-reinstatement = คืนรายการ
entry-kind-adjustment = ปรับปรุง
entry-kind-cost-share = ส่วนแบ่งค่าใช้จ่าย
entry-kind-distribution = ส่วนแบ่งกำไร
entry-kind-collection = เก็บเงินแทน
entry-kind-payment = จ่ายเงิน
entry-kind-payment-return = เงินจ่ายตีกลับ
entry-kind-receipt = รับเงิน
entry-kind-transfer = โอน
entry-kind-contribution = เงินลงทุน
entry-kind-release = ปลดการรอ

commission-outcome-accrued = ได้ค่าคอมมิชชัน
commission-outcome-no-rule = ไม่มีกติกาที่ตรง
commission-outcome-outside-window = นอกช่วงเวลา
commission-outcome-agreement-ended = ข้อตกลงสิ้นสุดแล้ว
commission-outcome-capped = ถึงเพดาน
commission-outcome-no-credit = ไม่มีข้อตกลงที่ได้เครดิต
commission-outcome-included = รวมอยู่แล้ว

ownership-rule-first-claim = อ้างสิทธิก่อน
ownership-rule-protection-lapsed = การคุ้มครองเดิมหมดแล้ว
ownership-rule-after-loss = หลังจากเสียไป
ownership-rule-joint-allocation = จัดสรรตามแคมเปญ
ownership-rule-reassigned = โอนให้
ownership-rule-house-lead = ลูกค้าของบริษัท
ownership-rule-end-acquirer-keeps = สิ้นสุดแล้วผู้หามาเก็บไว้
ownership-rule-end-to-house = สิ้นสุดแล้วเป็นของบริษัท
ownership-rule-end-to-partner = สิ้นสุดแล้วเป็นของพันธมิตร
ownership-rule-succession = ข้อตกลงใหม่แทนที่

end-cause-expiry = หมดอายุ
end-cause-notice = การบอกกล่าว
end-cause-mutual = ความตกลงร่วมกัน
end-cause-breach = การผิดข้อตกลง

agreement-state-proposed = เสนอแล้ว
agreement-state-active = มีผลอยู่
agreement-state-under-notice = บอกกล่าวเลิกแล้ว
agreement-state-expired = หมดอายุ
agreement-state-terminated = สิ้นสุดแล้ว

lead-state-open = เปิดอยู่
lead-state-qualified = ผ่านคุณสมบัติ
lead-state-lost = เสียไป

campaign-state-planned = วางแผนแล้ว
campaign-state-running = กำลังดำเนินการ
campaign-state-ended = จบแล้ว
campaign-state-stopped = หยุดแล้ว

webhook-state-active = ใช้งานอยู่
webhook-state-paused = หยุดพัก
webhook-state-failed = ล้มเหลวมาหลายวัน
webhook-state-gone = เลิกใช้แล้ว
webhook-state-damaged = ไฟล์เสียหาย
payout-state-in-transit = อยู่ระหว่างโอน
payout-state-settled = ถึงผู้รับแล้ว
payout-state-failed = ไปไม่ถึง
alert-kind-missing-manager = ขาดผู้ดูแล
alert-kind-check-in-overdue = เลยกำหนดติดตามงาน
alert-kind-review-overdue = เลยกำหนดทบทวน
alert-kind-unequal-effort = ลงแรงไม่เท่ากัน
alert-kind-goals-differ = เป้าหมายต่างกัน
alert-kind-expiry-near = ใกล้หมดอายุ
alert-kind-notice-ending = การบอกกล่าวใกล้ครบกำหนด
alert-kind-exclusivity-ending = สิทธิแต่ผู้เดียวใกล้สิ้นสุด
alert-kind-exclusivity-breached = ละเมิดสิทธิแต่ผู้เดียว
alert-kind-brand-use-undecided = การใช้แบรนด์รอตัดสิน
alert-kind-breach-uncured = การผิดข้อตกลงยังไม่แก้ไข
alert-kind-negative-balance = ยอดติดลบ
alert-kind-payable-due = มียอดถึงกำหนดจ่าย
alert-kind-dispute-open = ข้อโต้แย้งค้างอยู่
alert-kind-leads-without-earning-agreement = ลูกค้ามุ่งหวังไม่มีข้อตกลงที่ให้ค่าคอมมิชชัน
alert-kind-protection-lapsing = การคุ้มครองใกล้หมด
alert-kind-hold-long = ระงับการจ่ายนาน

## เรื่องราวของ `demo`

demo-recorded = บันทึก { $count } เหตุการณ์
demo-refused = ปฏิเสธ: { $reason }: { $message }
demo-owners = ใครเป็นเจ้าของลูกค้ามุ่งหวังใด ก่อนและหลังข้อตกลงสิ้นสุด
demo-explained = ที่มาของค่าคอมมิชชัน
demo-owed = ยอดที่ค้างแก่ทุกฝ่ายในวันนี้
demo-over = สมุดบัญชีนั้นถูกลบแล้ว หากต้องการเปิดไว้ใช้งานและสอบถามจากอีกหน้าต่างหนึ่ง:
demo-console = บัญชีของเรื่องเหล่านี้จะเปิดอยู่จนกว่าจะกด Ctrl-C เปิดดูในเบราว์เซอร์: { $url }
demo-sources = จากซอร์สโค้ด ให้ใช้ `cargo run --release --` แทน `partnership-ledger`
demo-referral = การแนะนำลูกค้าได้ค่าคอมมิชชัน 20 % เป็นเวลา 12 เดือน
demo-referral-says = Beacon แนะนำร้านเบเกอรี่เมื่อ 3 กุมภาพันธ์ 2568 ร้านซื้อสามครั้ง: สองครั้งภายในกำหนดเวลา และหนึ่งครั้งหลังจากนั้น
demo-marketplace = พันธมิตรเชื่อมต่อระบบ: ลูกค้า 100 ราย × 500 ดอลลาร์ ที่ 20 %
demo-marketplace-says = Northwind นำการเชื่อมต่อขึ้นตลาดแอปของตน: รายได้ 50000.00 USD เป็นของ Northwind 20 %
demo-payout = การจ่ายเงิน การคืนเงินหลังจากนั้น และการจ่ายที่เกินยอด
demo-payout-says = Northwind ได้รับเงินตามยอดที่จ่ายได้ ต่อมาลูกค้ารายหนึ่งขอเงินคืน: รายการกลับทำให้ยอดติดลบ และยอดขายต่อไปจะเติมให้เต็ม สิ่งที่จ่ายแล้วไม่ถูกยกเลิก
demo-claims = พันธมิตรสองรายอ้างสิทธิในลูกค้ารายเดียวกัน
demo-claims-says = Harbor อ้างสิทธิในร้านเบเกอรี่ขณะที่สิทธิของ Beacon ยังได้รับการคุ้มครอง คำอ้างถูกปฏิเสธแต่เก็บไว้ Harbor จึงโต้แย้ง: ค่าคอมมิชชันถูกกันไว้จนกว่าข้อโต้แย้งจะจบ
demo-webinar = แคมเปญที่ 1 เว็บบินาร์ร่วม: ผู้ลงทะเบียน 500 ลูกค้ามุ่งหวังที่ผ่านคุณสมบัติ 50 ปิดการขาย 5
demo-webinar-says = Lumen Mail พันธมิตรทางการตลาดเชิญรายชื่อของตน เว็บบินาร์ใช้เวลาคิดเป็น 2000.00 USD และนำมา 25000.00 USD: ผ่านคุณสมบัติ 10 % และ 10 % ในนั้นซื้อ
demo-content = แคมเปญที่ 2 เนื้อหาร่วมแบรนด์: ผู้อ่าน 50 000 และ 100 000 คน
demo-content-says = คู่มือที่เขียนร่วมกับสยามสตูดิโอเข้าถึงผู้ชมของทั้งสองฝ่าย: ผู้อ่าน 150 000 คน เป็นสามเท่าของฝ่ายเราเอง
demo-bundle = แคมเปญที่ 3 ข้อเสนอแบบชุดผ่านตัวแทนจำหน่าย
demo-bundle-says = Tranquil ขายแพ็กเกจรายปีพร้อมสินค้าของเราสามเดือน ได้ 5 ดอลลาร์ต่อชุด
demo-badges = แคมเปญที่ 4 การโปรโมตข้ามกัน: ป้ายบนทุกร้าน
demo-badges-says = เราแสดงป้าย "Powered by Payline" กว่าสองล้านครั้ง Payline ต้องการยอดขาย ส่วนเราต้องการการรับรู้ และจดหมายข่าวที่ Payline รับปากไว้ยังไม่มา: สมุดบัญชีบอกให้รู้
demo-booth = แคมเปญที่ 5 สนับสนุนงานอีเวนต์: บูธ 40 000 ดอลลาร์ หารกัน
demo-booth-says = Orbit จ่าย 35000.00 USD และเราจ่าย 5000.00 USD แบ่งกัน 50/50: เราจึงค้าง Orbit 15000.00 USD จากลูกค้ามุ่งหวัง 101 ราย เราได้ 51 และ Orbit ได้ 50
demo-venture = กิจการร่วมค้า 50/50: คืนทุนก่อน แล้วจึงแบ่งกำไร
demo-venture-says = เราลงทุน 600000.00 USD และ Nordvox 400000.00 USD จาก 1200000.00 USD แต่ละฝ่ายได้ทุนคืนก่อน แล้วได้ครึ่งหนึ่งของส่วนที่เหลือ
demo-relationship = ความสัมพันธ์: ใครดูแล และอะไรถูกลืม
demo-relationship-says = การเริ่มงานกับ Lumen บันทึกทีละขั้น มีการติดตามงาน การทบทวนรายไตรมาส และคำขอใช้แบรนด์สองครั้ง หลังจากนั้นไม่มีใครคุยกันหลายเดือน
demo-exclusivity = สิทธิแต่ผู้เดียว 12 เดือน
demo-exclusivity-says = เราสัญญากับ Northwind ว่าจะไม่ร่วมงานกับหน้าร้านออนไลน์รายอื่นจนถึง 15 มกราคม 2569 Cartwheel เป็นรายหนึ่ง: ข้อตกลงถูกปฏิเสธก่อนวันนั้น และทำได้ตั้งแต่วันนั้น
demo-termination = เลิกข้อตกลงโดยบอกกล่าวล่วงหน้า 30 วัน
demo-termination-says = ข้อตกลงทั้งสองเลิกด้วยการบอกกล่าวเมื่อ 1 ตุลาคม 2568 ลูกค้ามุ่งหวังของ Beacon อยู่กับผู้หามาและยังได้ค่าคอมมิชชัน ส่วนของ Harbor ตกเป็นของเรา
demo-split = การขายที่พันธมิตรสองรายแบ่งกัน
demo-split-says = Quarry หาลูกค้ามา และ Summit ทำให้ลูกค้าตกลงซื้อ: จากการขาย 10,000.01 USD เป็นของ Quarry 60 % และของ Summit 40 % ตรงถึงหน่วยเซนต์ แต่ละรายได้ค่าคอมมิชชันตามข้อตกลงของตน
demo-trial = การทดลองใช้ที่กลายเป็นการซื้อ
demo-trial-says = การขายราคาศูนย์เริ่มการทดลองใช้ ไม่ได้ค่าคอมมิชชันและไม่นับเป็นการซื้อครั้งแรก การซื้อครั้งแรกที่ชำระเงินให้ Juniper 30 % ครั้งต่อไป 10 %
demo-void = การขายที่ไม่เคยมี
demo-void-says = คำสั่งซื้อที่สองถูกบันทึกสองครั้ง การคืนเงินจะแปลว่าลูกค้าเปลี่ยนใจ ส่วนการยกเลิกแปลว่าไม่เคยมีการขายนั้น และค่าคอมมิชชันทั้งหมดถูกนำกลับ
demo-instalments = ค่าคอมมิชชันตามที่ลูกค้าชำระ
demo-instalments-says = จาก 9,000.00 USD Kestrel ได้ 10 % ซึ่งจ่ายได้ตามที่ลูกค้าชำระ ลูกค้าชำระหนึ่งในสาม และอีกหนึ่งในสามซึ่งตีกลับ: ส่วนที่จ่ายได้แล้วจึงกลับไปรออีกครั้ง
demo-circle = โปรแกรมสองระดับ
demo-circle-says = Maple ชักชวน Birch และ Birch ชักชวน Cedar ทั้งหมดใช้เงื่อนไขของโปรแกรม จากการขายของ Cedar นั้น Birch ได้ 5 % และ Maple ได้หนึ่งในสิบของสิ่งที่ Cedar ได้
demo-failed = การจ่ายที่ไปไม่ถึงและส่งใหม่
demo-failed-says = บัญชีธนาคารของ Cedar ถูกปิด เงินจึงกลับมาเป็นยอดที่ค้างจ่าย เมื่อส่งใหม่ไปยังบัญชีใหม่ เงินถึงผู้รับ
demo-programme = สิ่งที่โปรแกรมพันธมิตรนำมา: 15 ถึง 30 % ของรายได้
demo-programme-says = นอกจากผ่านพันธมิตร เราขายเองได้ 236000.00 USD ในปี 2568

## import

import-copies = แฟ้มใหญ่เกินกว่าที่บัญชีจะลองให้ได้ จึงอ่านบัญชีทั้งหมดมาตัดสิน ซึ่งใช้เวลาและหน่วยความจำ
import-line = บรรทัด { $line }: { $what }
import-column = คอลัมน์ { $column }: { $what }
import-not-an-amount = "{ $text }" ไม่ใช่จำนวนเงินแบบ { $example } โปรดแก้ไข หรือระบุรูปแบบจำนวนเงินในไฟล์จับคู่
import-too-many-decimals = { $text } มีทศนิยม { $decimals } ตำแหน่ง แต่ { $currency } มี { $allowed } ตำแหน่ง โปรดปัดเศษที่ต้นทาง
import-not-minor-units = { $text } มีทศนิยม แต่ไฟล์จับคู่ระบุว่าเป็นหน่วยย่อย โปรดแก้อย่างใดอย่างหนึ่ง
import-too-large = { $text } มากเกินกว่าที่บัญชีรับได้ โปรดแก้ไข
import-unknown-currency = "{ $text }" ไม่ใช่รหัส ISO 4217 เช่น USD โปรดแก้ไข หรือแปลงค่าไว้ใต้ values
import-not-a-time = "{ $text }" ไม่ใช่เวลาที่เขียนแบบ { $form } โปรดแก้ไข หรือระบุรูปแบบไว้ใต้ dates
import-not-buddhist-era = "{ $text }" มีปี { $year } ซึ่งไม่ใช่ปีพุทธศักราช (2569 คือ ค.ศ. 2026) โปรดแก้ไข หรือระบุ buddhist_era = false
import-not-yes-or-no = "{ $text }" ไม่ใช่ทั้ง yes และ no โปรดแก้ไข หรือแปลงค่าไว้ใต้ values
import-unknown-word = "{ $text }" ไม่อยู่ใน { $words } โปรดแก้ไข หรือแปลงค่าไว้ใต้ values
import-empty = ว่างอยู่ แต่ทุกแถวต้องมี { $field } โปรดกรอก หรือกำหนดค่าเริ่มต้น
import-cell-count = แถวมี { $cells } ช่อง แต่แถวแรกมี { $columns } ช่อง โปรดใส่เครื่องหมายคำพูดครอบช่องที่มีตัวคั่น เครื่องหมายคำพูด หรือการขึ้นบรรทัดใหม่
import-changed = เคยนำเข้าแถวที่มีรหัสนี้ด้วยเนื้อหาอื่นแล้ว และเนื้อหานั้นยังคงอยู่ โปรดคืนค่าที่เปลี่ยน หรือใช้รหัสอื่น
import-done = บันทึก { $recorded } แถว บันทึกไว้ก่อนแล้ว { $before } แถว ปฏิเสธ { $refused } แถว
import-would = จะบันทึก { $recorded } แถว บันทึกไว้แล้ว { $before } แถว จะปฏิเสธ { $refused } แถว
import-left-out = { $summary } ข้าม { $count } แถว
import-nothing = { $summary } ยังไม่ได้บันทึกสิ่งใด
import-at = { $summary } บัญชีอยู่ที่ลำดับที่ { $position }
import-were-refused = ปฏิเสธ { $count } แถว โปรดแก้ไขแล้วสั่งคำสั่งเดิมอีกครั้ง
import-would-be-refused = จะปฏิเสธ { $count } แถว

## Webhooks

webhooks-none = ไม่มีเว็บฮุก
webhooks-name = เว็บฮุก
webhooks-state = สถานะ
webhooks-lag = ตามหลัง
webhooks-failures = ล้มเหลว
webhooks-url = ส่งไปยัง
webhooks-why = เหตุที่ครั้งล่าสุดล้มเหลว
webhooks-taken = ปลายทางรับแล้ว: { $status }
webhooks-not-taken = { $name } ไม่รับการทดสอบ: { $why }
webhooks-removed = ลบ { $name } แล้ว
webhooks-secret = นี่คือรหัสลับของ { $name } โปรดเก็บไว้เพราะจะไม่แสดงอีก ลายเซ็น v1a ตรวจด้วย { $key }

## The console

console-name = บัญชีพันธมิตร
console-skip = ข้ามไปยังเนื้อหา
console-navigation = หน้า
console-overview = ภาพรวม
console-partners = พันธมิตร
console-agreements = ข้อตกลง
console-leads = ลูกค้ามุ่งหวัง
console-sales = การขาย
console-payables = ยอดที่จ่ายได้
console-payouts = การจ่ายเงิน
console-disputes = ข้อโต้แย้ง
console-campaigns = แคมเปญ
console-metrics = ตัวชี้วัด
console-alerts = สิ่งที่ต้องดู
console-records = บันทึก
console-search = ค้นหา
console-search-hint = รหัส ชื่อ คีย์จับคู่ หรือลำดับที่
console-search-go = ค้นหา
console-found = ผลการค้นหา “{ $wanted }”
console-nothing-found = ไม่พบรหัส ชื่อ หรือคีย์จับคู่นี้
console-what = รายการ
console-open = เปิดบนเครื่องนี้
console-open-hint = ใครก็ตามที่เข้าถึงที่อยู่นี้ดูและทำได้ทุกอย่าง เพราะไม่มีไฟล์สิทธิ์
console-log-out = ออกจากระบบ
console-moment-now = ณ ปัจจุบัน
console-as-of = ณ สิ้นวันที่
console-position = ตามที่รู้ ณ ลำดับที่
console-position-latest = ล่าสุด
console-moment-go = แสดง
console-not-now = นี่ไม่ใช่ปัจจุบัน: { $moment }
console-back-to-now = กลับสู่ปัจจุบัน
console-known-at = ตามที่รู้ ณ ลำดับที่ { $position }
console-no-position = ไม่มีลำดับที่ { $text } ลำดับที่เป็นจำนวนเต็มตั้งแต่ 1
console-no-month = ไม่มีเดือน { $text } ให้เขียนเดือนเช่น 2025-03 (ปีคริสต์ศักราช)
console-cite = ลิงก์ถึงคำตอบนี้
console-first-page = หน้าแรก
console-next-page = หน้าถัดไป
console-all = แสดงทั้งหมด
console-any = ทั้งหมด
console-filter = กรอง
console-figures = ตัวเลข
console-left-out = ละไว้ { $count } รายการที่เก่ากว่า เพราะคำตอบจะใหญ่เกินไป ดูได้ที่ลำดับที่ก่อนหน้า
console-not-found = ไม่รู้จักที่นี่
console-no-page = ไม่มีหน้านี้
console-forbidden = คุณไม่มีสิทธิ์
console-bad-request = อ่านไม่ได้
console-busy = งานมากเกินไปในขณะนี้
console-refused = ถูกปฏิเสธ
console-to-overview = ไปยังภาพรวม
console-about = รายละเอียด
console-id = รหัส
console-more = เพิ่มเติม
console-notes = หมายเหตุ
console-categories = หมวดหมู่
console-category = หมวดหมู่
console-country = ประเทศ
console-registered = ลงทะเบียนเมื่อ
console-standing = สถานะ
console-on-hold = ระงับการจ่าย
console-fits = เหมาะสม
console-fits-not = ไม่เหมาะสม
console-hold = การระงับ
console-no-partners = ไม่มีพันธมิตร
console-no-agreements = ไม่มีข้อตกลง
console-no-leads = ไม่มีลูกค้ามุ่งหวัง
console-no-sales = ไม่มีการขาย
console-no-campaigns = ไม่มีแคมเปญ
console-balance = ยอดคงเหลือ
console-balance-part = ส่วน
console-nothing-moved = ยังไม่มีรายการเคลื่อนไหว
console-closed = ปิดงวดทั้งหมดก่อน { $time } แล้ว
console-every-entry = ทุกรายการของยอดนี้
console-payable-over-time = ยอดที่จ่ายได้ตามเวลา
console-payable-at-month-end = ยอดที่จ่ายได้ ณ สิ้นเดือนแต่ละเดือน { $currency }
console-payable-at-end = ยอดที่จ่ายได้เมื่อสิ้นงวด
console-month = เดือน
console-month-hint = เดือน เช่น 2025-03
console-leads-owned = ลูกค้ามุ่งหวังที่เป็นเจ้าของ
console-leads-credited = ลูกค้ามุ่งหวังที่ให้เครดิต
console-owned-by = เจ้าของ
console-match-key = คีย์จับคู่
console-records-about = บันทึกที่เกี่ยวข้อง
console-record-of = บันทึกที่ { $position }
console-statement = ใบแจ้งยอด
console-statement-of = ใบแจ้งยอดของ { $partner }
console-timeline = เส้นเวลา
console-timeline-of = ใครเป็นเจ้าของ { $lead } เมื่อใด
console-timeline-table = เส้นเวลาเป็นตาราง
console-declined = การอ้างสิทธิ์ที่ถูกปฏิเสธ
console-now = ปัจจุบัน
console-why = เพราะอะไร
console-lines = บรรทัด
console-payables-hint = ข้อเสนอการจ่าย: ยอดที่จ่ายได้ ไม่ถูกระงับ และไม่ต่ำกว่าขั้นต่ำ
console-which = เลือก
console-all-payables = รวมที่ถูกระงับหรือต่ำกว่าขั้นต่ำ
console-pay-partner = จ่าย { $partner }
console-from-day = ตั้งแต่วันที่
console-to-day = ถึงวันที่
console-go-to = ไปยังลำดับที่
console-record = บันทึก
console-record-title = บันทึกที่ { $position }: { $event }
console-recorded = บันทึกแล้ว
console-event = เหตุการณ์
console-event-id = รหัสเหตุการณ์
console-no-effects = โดยตัวเองไม่ย้ายเงินหรือเจ้าของ สิ่งที่ถูกระงับ สิ้นสุด หรืออนุญาตจะเห็นในหน้าของผู้ที่เกี่ยวข้อง
console-one-subject = ข้อโต้แย้งเป็นเรื่องเดียว: กรอกลูกค้ามุ่งหวัง การขาย หรือการจ่ายเงินอย่างใดอย่างหนึ่ง และเว้นช่องอื่นว่างไว้
console-postings = รายการบัญชี
console-account = บัญชี
console-effective = มีผลเมื่อ
console-proof = ดาวน์โหลดหลักฐาน
console-record-before = บันทึกก่อนหน้า
console-record-after = บันทึกถัดไป
console-revenue = รายได้
console-revenue-by-month = รายได้รายเดือน { $currency }
console-owed-to-you = ยอดที่คุณจะได้รับ
console-how-so = ยอดนี้มาอย่างไร
console-integrity = ความถูกต้องครบถ้วน
console-trial-balance = งบทดลอง
console-balanced = เป็นศูนย์ทุกสกุลเงิน
console-not-balanced = ไม่เป็นศูนย์
console-root = รากของบันทึก
console-over-records = จาก { $count } บันทึก
console-checkpoint = จุดตรวจสอบล่าสุด
console-checkpoint-at = ลงนามที่ลำดับที่ { $position } โดย { $origin }
console-no-checkpoint = ไม่ได้ลงนาม: บัญชีไม่มีกุญแจจุดตรวจสอบ
console-witnesses = พยาน
console-participants = ผู้เข้าร่วม
console-figure = ตัวเลข
console-value = ค่า
console-funnel = จากลูกค้ามุ่งหวังถึงดีล
console-act-payout = บันทึกการจ่ายเงิน
console-act-hold = ระงับการจ่ายเงิน
console-act-lift = ยกเลิกการระงับ
console-act-resolve = ตัดสิน
console-act-brand = ตัดสิน
console-act-reassign = โอน
console-act-extend = ขยายการคุ้มครอง
console-act-notice = บอกเลิก
console-act-refer = ลงทะเบียนลูกค้ามุ่งหวัง
console-act-dispute = เปิดข้อโต้แย้ง
console-act = ดำเนินการ
console-act-resolve-dispute = ตัดสินข้อโต้แย้ง
console-act-brand-use = ตัดสินการใช้แบรนด์
console-act-reassign-lead = โอนลูกค้ามุ่งหวัง
console-act-extend-lead = ขยายการคุ้มครองลูกค้ามุ่งหวัง
console-act-notice-agreement = บอกเลิกข้อตกลง
console-optional = (ไม่บังคับ)
console-yes = ใช่
console-approve = อนุมัติ
console-decline = ไม่อนุมัติ
console-advance = เงินล่วงหน้า: เกินยอดที่จ่ายได้
console-resolution = ผลการพิจารณา
console-to-agreement = โอนให้ข้อตกลง (เว้นว่าง: ให้บริษัท)
console-transfer = ย้ายค่าคอมมิชชันที่ยังไม่จ่ายไปด้วย
console-days = จำนวนวันที่เพิ่ม
console-given-by = บอกเลิกโดย
console-ends-on = สิ้นสุดวันที่ (เว้นว่าง: ตามระยะเวลาบอกเลิก)
console-match-keys = คีย์จับคู่ บรรทัดละหนึ่งคีย์
console-occurred-at = เกิดขึ้นเมื่อ (UTC)
console-no-number = { $text } ไม่ใช่จำนวนเต็ม
console-no-amount = { $amount } { $currency } ไม่ใช่จำนวนเงิน ให้เขียนเช่น 1,234.50 และสกุลเงินเช่น USD
console-may-not = คุณไม่มีสิทธิ์บันทึกเหตุการณ์ชนิด { $event }
console-would-be-refused = บัญชีจะปฏิเสธรายการนี้:
console-preview = ดูผลที่จะเกิดขึ้น
console-preview-hint = ยังไม่มีการบันทึก จะบันทึกโดย { $person }
console-cancel = ยกเลิก
console-record-it = บันทึก
console-change = แก้ไข
console-for-good = สิ่งที่บันทึกจะคงอยู่ตลอดไป ส่งแบบฟอร์มซ้ำได้โดยไม่มีผลเสีย
console-confirm = { $action }: ถูกต้องหรือไม่
console-what-is-recorded = สิ่งที่จะบันทึก
console-what-comes-of-it = ผลที่จะเกิดขึ้น
console-recorded-before = บันทึกไว้แล้วเป็นบันทึกที่ { $position }
console-log-in = เข้าสู่ระบบ
console-api-key = คีย์ API
console-api-key-hint = ขึ้นต้นด้วย plk_ เบราว์เซอร์เก็บไว้แบบเข้ารหัสจนกว่าคุณจะออกจากระบบ หรือไม่ได้ใช้งานสิบห้านาที
console-log-in-with = เข้าสู่ระบบด้วย { $issuer }
console-login-over = การเข้าสู่ระบบนี้หมดเวลาแล้ว กรุณาเริ่มใหม่
console-login-failed = เข้าสู่ระบบไม่สำเร็จ ดูสาเหตุในบันทึกของเซิร์ฟเวอร์
console-token-too-long = โทเค็นของผู้ออกยาวเกินไปสำหรับเซสชัน
console-bytes = ไบต์ที่หลักฐานยืนยัน
console-last-month = สิ้นเดือนก่อน
console-last-quarter = สิ้นไตรมาสก่อน
console-last-year = สิ้นปีก่อน
console-whole-record = บันทึกทั้งหมด
console-tiers = ขั้นที่ถึงแล้ว
