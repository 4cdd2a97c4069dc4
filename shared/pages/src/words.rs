//! Every word of the pages, mails and SMS, Russian beside English. A third language is a third column.
//!
//! Whole legal texts are in `legal/`; labels of the fiscal receipt stay Russian by law and are in `receipt.rs`.

use std::borrow::Borrow;

use crate::{Lang, format};

macro_rules! words {
    (one: { $($name:ident: $ru:literal, $en:literal;)* } two: { $($pair:ident: ($ru_first:literal, $ru_second:literal), ($en_first:literal, $en_second:literal);)* }) => {
        /// One language's words.
        pub(crate) struct Words {
            pub lang: Lang,
            $(pub $name: &'static str,)*
            $(pub $pair: (&'static str, &'static str),)*
        }
        static RU: Words = Words { lang: Lang::Ru, $($name: $ru,)* $($pair: ($ru_first, $ru_second),)* };
        static EN: Words = Words { lang: Lang::En, $($name: $en,)* $($pair: ($en_first, $en_second),)* };
    };
}

/// The words of a language.
pub(crate) fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Ru => &RU,
        Lang::En => &EN,
    }
}

impl Words {
    /// The months of a date, January first.
    pub(crate) fn months(&self) -> impl Iterator<Item = &'static str> {
        self.months_of_a_date.split(' ')
    }

    pub(crate) fn money(&self, amount_minor: impl Borrow<i64>) -> String {
        format::money(*amount_minor.borrow(), self.lang)
    }

    pub(crate) fn moment(&self, at_ms: impl Borrow<i64>) -> String {
        format::moment(*at_ms.borrow(), self.lang)
    }

    pub(crate) fn clock(&self, at_ms: impl Borrow<i64>) -> String {
        format::time_of_day(*at_ms.borrow(), self.lang)
    }
}

words! {
one: {
    // time and units
    months_of_a_date: "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "January February March April May June July August September October November December";
    zone: "МСК", "MSK";
    unit_byte: "Б", "B";
    unit_kilobyte: "КБ", "KB";
    unit_megabyte: "МБ", "MB";

    // every page
    other_language: "English", "Русский";
    other_language_code: "en", "ru";
    test_mode: "Тестовый режим: деньги не списываются", "Test mode: no money is charged";
    inn: "ИНН", "INN";
    ogrn: "ОГРН", "OGRN";
    seller: "Продавец", "Seller";
    agent_takes_payment: "Платёж принимает сервис АПИКАССА (агент продавца):", "The payment is taken by APIKASSA (the seller’s agent):";
    payment_questions: "Вопросы об оплате:", "Questions about the payment:";
    order_questions: "Вопросы о заказе:", "Questions about the order:";
    total: "Итого", "Total";
    order_number: "Номер в АПИКАССЕ:", "APIKASSA number:";
    order_word: "Заказ", "Order";
    amount: "Сумма", "Amount";
    back_to_shop: "Вернуться в магазин", "Back to the shop";
    back_to_order: "Вернуться к заказу", "Back to the order";
    print: "Для печати нажмите Ctrl + P или выберите «Печать» в меню браузера.", "To print, press Ctrl + P or choose “Print” in your browser’s menu.";

    // checkout
    checkout_h1: "Оплата заказа", "Payment for order";
    pay: "Оплатить", "Pay";
    order: "Заказать", "Place order";
    contacts: "Куда отправить чек", "Where to send the receipt";
    email: "Электронная почта", "E-mail";
    phone: "Телефон", "Phone";
    optional: "(необязательно)", "(optional)";
    not_me: "Это не я", "Not me";
    channels: "Как сообщать о заказе", "How to notify you";
    methods: "Способ оплаты", "How to pay";
    pay_until: "Оплатить до", "Pay by";
    time_left: "Осталось времени:", "Time left:";
    card_at_bank: "Данные карты вводятся на защищённой странице банка. Мы их не видим и не храним.",
        "You enter the card on the bank’s secure page. We never see or keep it.";
    error_summary: "Проверьте данные. Деньги не списаны", "Please check. Nothing was charged";
    email_missing: "Укажите электронную почту", "Enter your e-mail";
    email_invalid: "Проверьте адрес почты: нужен вид имя@пример.ру", "Check the e-mail: it looks like name@example.com";
    phone_missing: "Укажите телефон", "Enter your phone";
    phone_invalid: "Проверьте номер: нужен вид +7 900 000-00-00", "Check the number: it looks like +7 900 000-00-00";
    consent_data_missing: "Без согласия на обработку данных оплатить нельзя", "We cannot take a payment without consent to data processing";
    consent_terms_missing: "Примите условия, чтобы оплатить", "Accept the terms to pay";
    nothing_charged: "Деньги не списаны.", "Nothing was charged.";
    declined_funds: "На карте не хватает денег", "Not enough money on the card";
    advice_funds: "Пополните карту или оплатите другой.", "Top up the card or pay with another one.";
    declined_blocked: "Карта заблокирована", "The card is blocked";
    declined_expired: "Срок действия карты истёк", "The card has expired";
    declined_limit: "Превышен лимит карты", "The card’s limit is exceeded";
    advice_limit: "Поднимите лимит в приложении банка или оплатите другой картой.", "Raise the limit in your bank’s app or pay with another card.";
    declined_3ds: "Банк не подтвердил, что платите вы", "The bank could not confirm it was you";
    advice_3ds: "Попробуйте ещё раз и введите код из сообщения банка.", "Try again and enter the code your bank sends.";
    declined_abandoned: "Вы не завершили оплату", "You did not finish the payment";
    advice_abandoned: "Заказ ждёт: можно попробовать ещё раз.", "The order is waiting: you can try again.";
    declined_bank: "Банк сейчас не смог принять оплату", "The bank could not take the payment now";
    advice_bank: "Попробуйте ещё раз через минуту или оплатите другой картой.", "Try again in a minute or pay with another card.";
    declined_unknown: "Банк отклонил оплату", "The bank declined the payment";
    advice_other_card: "Оплатите другой картой или позвоните в свой банк.", "Pay with another card or call your bank.";
    declined_funds_account: "На счёте не хватает денег", "Not enough money on the account";
    advice_account: "Пополните счёт или попробуйте ещё раз.", "Top up the account or try again.";
    advice_bank_again: "Попробуйте ещё раз или позвоните в свой банк.", "Try again or call your bank.";
    advice_ways: "Ниже есть и другие способы оплаты.", "There are other ways to pay below.";
    not_saved: "Банк не сохранил карту", "The bank did not keep the card";
    advice_not_saved: "Удержание снято. Попробуйте ещё раз или другой картой.", "The hold is let go. Try again or use another card.";

    // more ways to take money
    save_h1: "Привязка карты", "Adding a card";
    save_button: "Привязать карту", "Add the card";
    other_way: "Другой способ", "Another way";
    parts: "Заказ оплачивается частями", "The order is paid in parts";
    original_price: "Цена магазина", "The shop’s price";
    original_rate: "по курсу", "at the rate of";
    original_since: "на", "of";
    points: "Бонусами банка можно оплатить до", "The bank’s points may pay up to";
    points_where: "Банк предложит это на своей странице.", "The bank offers it on its page.";
    taking_held: "Деньги удержим на карте, а спишем, когда магазин подтвердит заказ.", "The money is held on the card and taken when the shop confirms the order.";
    taking_later: "Сейчас ничего не спишем. Магазин спишет оплату позже с этой карты.", "Nothing is charged now. The shop charges this card later.";
    taking_check: "Для проверки банк удержит и сразу отпустит", "To check the card, the bank holds and at once lets go";

    // СБП
    sbp_h1: "Оплата через СБП", "Payment through the SBP";
    sbp_scan: "Наведите на код камеру телефона или сканер в приложении банка и подтвердите оплату.", "Point your phone’s camera, or the scanner in your bank’s app, at the code and confirm the payment.";
    sbp_open: "Оплатить в приложении банка", "Pay in your bank’s app";
    sbp_open_here: "Открыть приложение банка на этом устройстве", "Open the bank’s app on this device";
    sbp_open_text: "Откроется приложение вашего банка. Подтвердите в нём оплату и вернитесь сюда.", "Your bank’s app opens. Confirm the payment there and come back.";
    sbp_auto: "Страница обновляется сама и покажет, когда банк подтвердит оплату.", "This page updates by itself and says when the bank has confirmed the payment.";
    sbp_qr: "QR-код для оплаты через СБП", "QR code for paying through the SBP";
    sbp_test: "Тест: открыть страницу банка покупателя", "Test: open the page of the buyer’s bank";
    pay_other_way: "Оплатить другим способом", "Pay another way";
    other_way_text: "Этот платёж мы прекратим. Если банк всё же проведёт и его, лишние деньги вернутся сами.", "We end this payment. Should the bank make it all the same, what is too much goes back by itself.";
    sbp_other_end: "Если ничего не делать, заказ закроется, и деньги не спишутся:", "If you do nothing, the order closes and nothing is charged:";

    // the buyer's saved means
    wallet: "Мои карты", "My cards";
    wallet_lead: "Карты и счета, которые вы разрешили сохранить для оплаты в этом магазине. Номера хранит банк, у нас их нет.", "Cards and accounts you have allowed to be kept for paying at this shop. The bank keeps the numbers; we do not have them.";
    wallet_empty: "Сохранённых карт нет", "No saved cards";
    wallet_empty_text: "Чтобы сохранить карту, поставьте отметку «Сохранить» при следующей оплате.", "To save one, tick “keep” when you pay the next time.";
    wallet_on: "Можно списывать", "May be charged";
    wallet_off: "Отключена: списаний не будет", "Switched off: will not be charged";
    wallet_switch_off: "Отключить", "Switch off";
    wallet_switch_on: "Включить", "Switch on";
    wallet_delete: "Удалить", "Delete";
    wallet_delete_sure: "Удалить насовсем? Банк забудет её, и списать с неё больше будет нельзя.", "Delete for good? The bank forgets it, and it can not be charged any more.";
    wallet_delete_yes: "Да, удалить", "Yes, delete";
    wallet_add: "Добавить карту", "Add a card";
    wallet_saved_at: "сохранена", "saved";
    wallet_valid: "действует до", "valid until";
    wallet_until: "Ссылка действует до", "The link works until";
    wallet_expired: "Срок ссылки истёк", "The link has expired";
    wallet_expired_text: "Чтобы увидеть свои карты, откройте их ещё раз из магазина. С картами ничего не случилось.", "To see your cards, open them from the shop again. Nothing happened to the cards.";
    // the order's page
    what_next: "Что дальше", "What happens next";
    what_now: "Что делать", "What to do now";
    your_choice: "Что можно сделать", "What you can do";
    when_money: "Когда придут деньги", "When the money arrives";
    paid_at: "Оплачен", "Paid";
    fulfilled_at: "Исполнен", "Completed";
    valid_until: "Можно открыть до", "Can be opened until";
    promised_at: "Обещали исполнить до", "Promised by";
    cancelled_at: "Отменён", "Cancelled";
    will_be_returned: "Вернём", "To be returned";
    returned: "Возвращено", "Returned";
    returned_at: "Дата возврата", "Date of refund";
    expired_at: "Время вышло", "Time was over";
    paid_late_at: "Оплата пришла", "Payment came";
    open_result: "Открыть результат", "Open the result";
    cancel_and_refund: "Отменить заказ и вернуть деньги", "Cancel the order and get the money back";
    cancel_order: "ОТМЕНИТЬ ЗАКАЗ", "CANCEL THE ORDER";
    keep_order: "Не отменять, подожду", "Keep the order, I will wait";
    receipt: "Чек", "Receipt";
    receipt_pending: "Касса готовит чек. Он появится здесь и придёт вам, обычно за несколько минут.", "The receipt is being made. It will appear here and be sent to you, usually within minutes.";
    receipt_qr: "QR-код чека для проверки в ФНС", "QR code of the receipt, for checking with the tax service";
    open_receipt: "Открыть чек", "Open the receipt";
    timeline: "История заказа", "Order history";
    resume_payment: "Вернуться на страницу банка", "Back to the bank's page";
    checking: "Проверяем оплату", "Checking your payment";
    checking_lead: "Банк ещё не ответил, и мы пока не знаем, списаны ли деньги. Не платите ещё раз.", "The bank has not answered yet, so we do not know whether you were charged. Please do not pay again.";
    checking_next: "Страница обновляется сама. Её можно закрыть: мы сообщим, чем закончилось. Если деньги списаны, а заказ не оплачен, мы их вернём.", "This page updates by itself. You may close it: we will let you know. If you were charged and the order is not paid, we will return the money.";
    paid: "Заказ оплачен", "Order paid";
    paid_lead: "Деньги получены. Платить ещё раз не нужно.", "The money has arrived. There is nothing more to pay.";
    paid_next: "Заказ передан на исполнение. Обычно результат готов в течение трёх дней. Если срок пройдёт, мы напишем, и вы сможете отменить заказ и вернуть деньги.", "The order is being carried out, usually within three days. If it takes longer, we will write to you, and you may cancel and get your money back.";
    fulfilled: "Заказ исполнен", "Order completed";
    fulfilled_lead: "Результат готов.", "The result is ready.";
    overdue: "Исполнение задерживается", "Your order is delayed";
    overdue_lead: "Продавец не исполнил заказ в обещанный срок. Деньги в безопасности: продавец получает их только за исполненный заказ.", "The seller has not completed the order in time. Your money is safe: the seller is paid only for completed orders.";
    overdue_choice: "Можно подождать: заказ остаётся в работе. Или отменить его, и мы вернём всю сумму.", "You may wait: the order is still being worked on. Or cancel it, and we will return the whole amount.";
    cancel_confirm: "Отменить заказ?", "Cancel the order?";
    cancel_lead: "Отмену нельзя отозвать: результат по этому заказу вы не получите.", "This cannot be undone: you will not receive the result of this order.";
    cancel_next: "Мы вернём деньги туда, откуда вы платили, и пришлём чек возврата. Банк зачислит их за 1–10 рабочих дней.", "We will return the money to where you paid from and send a refund receipt. Banks take 1–10 working days.";
    cancelled: "Заказ отменён", "Order cancelled";
    cancelled_lead: "Заказ отменён и исполняться не будет.", "The order is cancelled and will not be carried out.";
    refund_next: "Возвращаем деньги туда, откуда вы платили. Как только банк подтвердит возврат, пришлём чек. Зачисление занимает 1–10 рабочих дней. Делать ничего не нужно.", "We are returning the money to where you paid from and will send a receipt once the bank confirms. It takes 1–10 working days. You need not do anything.";
    refunded: "Деньги возвращены", "Money returned";
    refunded_lead: "Мы вернули деньги туда, откуда вы платили.", "We have returned the money to where you paid from.";
    refunded_next: "Банк зачислит их за 1–10 рабочих дней. Если деньги не придут, покажите банку чек возврата.", "Your bank will credit them within 1–10 working days. If they do not come, show your bank the refund receipt.";
    expired: "Время на оплату вышло", "The time to pay is over";
    expired_lead: "Заказ закрыт. Деньги не списаны.", "The order is closed. Nothing was charged.";
    expired_next: "Вернитесь в магазин и оформите заказ заново.", "Go back to the shop and place the order again.";
    expired_refunding: "Оплата пришла слишком поздно", "The payment came too late";
    expired_refunding_lead: "Время на оплату уже вышло, и заказ закрыт. Мы возвращаем вам всю сумму.", "The time to pay was over and the order is closed. We are returning the whole amount.";
    paid_twice: "Заказ уже был оплачен", "The order was paid already";
    paid_twice_lead: "За этот заказ пришла вторая оплата. Первая остаётся в силе, а вторую мы возвращаем вам целиком.", "A second payment came for this order. The first one stands, and we are returning the whole second one.";
    not_found: "Заказ не найден", "Order not found";
    not_found_lead: "По этой ссылке заказа нет. Если вы уже платили, деньги не потеряны: заказ остаётся у нас.", "There is no order at this link. If you have already paid, your money is not lost: we still have the order.";
    not_found_next: "Откройте ссылку из письма или SMS целиком либо вернитесь в магазин.", "Open the whole link from the e-mail or SMS, or go back to the shop.";

    held: "Деньги удержаны", "The money is held";
    held_lead: "Банк удерживает сумму заказа, но ничего не списал. Платить ещё раз не нужно.", "The bank holds the amount; nothing is charged. There is nothing more to pay.";
    held_amount: "Удержано", "Held";
    held_until: "Не дольше чем до", "No longer than until";
    held_next: "Магазин подтвердит заказ, и деньги спишутся: не больше удержанной суммы. Чек придёт после списания.", "When the shop confirms the order, the money is taken: no more than is held. The receipt comes then.";
    held_end_released: "Если магазин не успеет, удержание снимется само.", "If the shop does not, the hold is let go by itself.";
    held_end_captured: "В конце срока сумма спишется.", "At the end of that time the amount is taken.";
    will_be_released: "Снимем удержание", "Hold to be let go";
    released: "Удержание снято", "The hold is let go";
    released_lead: "Деньги не списаны. Заказ отменён.", "Nothing was charged. The order is cancelled.";
    released_next: "Удержанная сумма снова доступна на карте; в приложении банка это видно сразу или через несколько дней.", "The amount is available again; your bank’s app shows it at once or within a few days.";
    released_at: "Снято", "Let go";
    releasing: "Снимаем удержание", "Letting the hold go";
    releasing_lead: "Заказ отменён. Деньги не списаны.", "The order is cancelled. Nothing was charged.";
    releasing_next: "Удержанная сумма снова станет доступна, как только банк снимет удержание. Делать ничего не нужно.", "The amount becomes available as soon as the bank lets the hold go. You need not do anything.";
    let_go: "Удержание снято", "Hold let go";
    cancelled_unpaid_lead: "Деньги не списаны, исполняться заказ не будет.", "Nothing was charged, and the order will not be carried out.";
    ordered: "Заказ оформлен", "The order is placed";
    ordered_lead: "Деньги пока не списаны.", "Nothing is charged yet.";
    ordered_next: "Магазин соберёт заказ и спишет оплату без вашего участия. Если состав или сумма изменятся, мы сообщим до списания.", "The shop prepares the order and charges you without asking again. If the basket or the amount changes, we tell you first.";
    ordered_means: "Спишем с", "Will be charged to";
    ordered_until: "Не позже чем", "No later than";
    ordered_stop: "Пока деньги не списаны, заказ можно отменить.", "Until you are charged, you may cancel.";
    ordered_cancel: "Отменить заказ, деньги не списывать", "Cancel the order, charge nothing";
    unheld_cancel_lead: "Отмену нельзя отозвать. Деньги ещё не списаны и списаны не будут.", "This can not be undone. Nothing was charged yet, and nothing will be.";
    held_cancel_next: "Мы попросим банк снять удержание. Деньги останутся у вас.", "We ask the bank to let the hold go. The money stays yours.";
    will_not_be_charged: "Не спишем", "Will not be charged";
    means_saved: "Карта привязана", "The card is added";
    means_saved_lead: "Проверка прошла, деньги не списаны: удержанное для неё отпущено.", "The check passed, nothing was charged: what was held for it is let go.";
    means_saved_next: "Теперь ею можно платить в этом магазине. Отключить или удалить её можно в любой момент на странице «Мои карты» магазина.", "It can be used at this shop now. You may switch it off or delete it at any time on the shop’s page of your cards.";
    means_saved_what: "Привязано", "Added";
    splitting: "Оплачиваем части заказа", "Paying for the parts of the order";
    splitting_lead: "Банк списывает части по очереди. Не платите ещё раз.", "The bank charges the parts one by one. Please do not pay again.";
    splitting_next: "Страница обновляется сама. Если нужные части не оплатятся, мы вернём всё, что списано.", "This page updates by itself. If the needed parts are not paid, everything charged goes back.";
    part_waiting: "ждём банк", "waiting for the bank";
    part_paid: "оплачено", "paid";
    part_held: "удержано", "held";
    part_declined: "банк отклонил", "declined";
    part_returned: "возвращено", "returned";
    order_parts: "Части заказа", "Parts of the order";
    charged: "Списано", "Charged";
    being_returned: "Возвращаем", "Being returned";
    paid_points: "Оплачено бонусами", "Paid with points";
    receipt_later: "Чек придёт, когда деньги будут списаны.", "The receipt comes when the money is taken.";
    overdue_held_lead: "Продавец не исполнил заказ в обещанный срок. Деньги не списаны, банк их только удерживает.", "The seller has not completed the order in time. Nothing was charged; the bank only holds the money.";
    overdue_held_choice: "Можно подождать: заказ остаётся в работе. Или отменить его, и удержание снимется.", "You may wait: the order is still being worked on. Or cancel it, and the hold is let go.";
    cancel_and_release: "Отменить заказ и снять удержание", "Cancel the order and let the hold go";

    // receipt and result
    receipt_title: "Кассовый чек", "Fiscal receipt";
    receipt_before: "Это чек предоплаты. При выдаче заказа придёт второй чек, платить по нему не нужно.", "This is the receipt of prepayment. A second one comes when the order is handed over; there is nothing to pay by it.";
    receipt_check: "Проверить чек можно по QR-коду в приложении «Проверка чеков ФНС» или на сайте", "Check the receipt by its QR code in the tax service’s app or at";
    mention: "Платёж принят сервисом АПИКАССА.", "Payment taken by the APIKASSA service.";
    available_until: "Доступно до", "Available until";
    save_it: "Сохраните результат у себя.", "Please keep a copy.";
    download: "Скачать", "Download";
    delivery_expired: "Срок ссылки истёк", "The link has expired";
    delivery_expired_at: "Результат можно было открыть до", "The result could be opened until";
    delivery_expired_advice: "Напишите продавцу и назовите номер заказа: он пришлёт результат ещё раз.", "Write to the seller and name the order number to get the result again.";
    legal_version: "Редакция от", "Version of";

    // errors
    error_code: "Код", "Code";
    error_reference: "для поддержки:", "for support:";
    error_400: "Запрос не удалось прочитать", "We could not read the request";
    error_400_text: "Этот запрос денег не списал. Вернитесь назад и попробуйте ещё раз.", "This request charged nothing. Go back and try again.";
    error_403: "Форма устарела", "The form is out of date";
    error_403_text: "Ничего не изменилось, деньги не списаны. Откройте страницу заново и повторите.", "Nothing changed and nothing was charged. Open the page again and repeat.";
    error_404: "Страница не найдена", "Page not found";
    error_404_text: "Проверьте, что ссылка скопирована целиком. Если вы уже платили, откройте ссылку из письма или SMS.", "Check that the link is whole. If you have already paid, open the link from the e-mail or SMS.";
    error_409: "Заказ уже изменился", "The order has changed";
    error_409_text: "Пока страница была открыта, с заказом что-то произошло. Ваше последнее действие не выполнено, денег оно не списало. Откройте заказ заново.", "Something happened to the order while this page was open. Your last action was not carried out and charged nothing. Open the order again.";
    error_429: "Слишком много попыток", "Too many attempts";
    error_429_text: "Подождите минуту и попробуйте ещё раз. Эта попытка денег не списала.", "Wait a minute and try again. This attempt charged nothing.";
    error_500: "Ошибка на нашей стороне", "Something went wrong on our side";
    error_500_text: "Мы уже знаем о ней. Если вы платили, не платите ещё раз: откройте заказ через несколько минут и посмотрите его состояние.", "We know about it. If you were paying, do not pay again: open the order in a few minutes and look at its state.";
    error_503: "Сервис временно недоступен", "Temporarily unavailable";
    error_503_text: "Обновите страницу через минуту. Если вы платили, не платите ещё раз, пока не увидите состояние заказа.", "Reload in a minute. If you were paying, do not pay again until you see the order’s state.";

    // API reference
    docs_contents: "Содержание", "Contents";
    docs_version: "Версия", "Version";
    docs_params: "Параметры", "Parameters";
    docs_required: "обязателен", "required";
    docs_request: "Пример запроса", "Request example";
    docs_responses: "Ответы", "Responses";

    // sandbox bank
    bank_name: "Песочница: Тестовый банк", "Sandbox: Test bank";
    bank_footer: "Это не настоящий банк. Здесь проверяют приём платежей: деньги не списываются, номера карт не вводятся.", "This is not a real bank. It exists to test payments: nothing is charged and no card number is taken.";
    bank_pay_title: "Оплата тестовой картой", "Pay with a test card";
    bank_merchant: "Магазин", "Shop";
    bank_choose: "Выберите тестовую карту", "Choose a test card";
    bank_no_numbers: "Настоящую карту вводить негде и не нужно.", "There is nowhere to enter a real card, and no need to.";
    bank_refuse: "Отказаться", "Refuse";
    bank_challenge_title: "Подтвердите оплату", "Confirm the payment";
    bank_challenge_text: "Введите код подтверждения (3‑D Secure) для карты", "Enter the confirmation code (3‑D Secure) for the card";
    bank_test_code: "SMS не придёт. Тестовый код:", "No SMS will come. The test code:";
    bank_code: "Код из SMS", "Code from the SMS";
    bank_wrong_code: "Код не подошёл. Осталось попыток:", "Wrong code. Tries left:";
    bank_confirm: "Подтвердить", "Confirm";
    bank_waiting_title: "Банк проверяет оплату", "The bank is checking the payment";
    bank_waiting_text: "Страница обновится сама. Не закрывайте её и не платите ещё раз.", "This page updates by itself. Do not close it and do not pay again.";
    bank_closed_title: "Платёж уже завершён", "The payment is already finished";
    bank_closed_text: "С этим платежом больше ничего нельзя сделать.", "Nothing more can be done with this payment.";

    // demo shop and the one-machine stack
    shop_brand: "Демо-магазин справок", "Demo shop of certificates";
    shop_title: "Демо-магазин справок", "Demo shop of certificates";
    shop_lead: "Выберите справку и пройдите оплату так, как её увидит покупатель.", "Choose a certificate and pay just as a buyer would.";
    shop_problem: "Заказ не создан", "The order was not created";
    shop_buy: "Купить", "Buy";
    shop_return_title: "Покупатель вернулся в магазин", "The buyer is back at the shop";
    sign_valid: "Подпись верна: параметры пришли от АПИКАССЫ", "The signature is right: the parameters came from APIKASSA";
    sign_invalid: "Подпись неверна: этим параметрам верить нельзя", "The signature is wrong: do not trust these parameters";
    shop_api_status: "Состояние по API:", "State by the API:";
    shop_params: "Параметры возврата", "Return parameters";
    shop_return_note: "Возврат покупателя лишь подсказка. Решает состояние по API или вебхук.", "The buyer’s return is only a hint. What counts is the state by the API or a webhook.";
    shop_order_page: "Страница заказа", "Order page";
    mailbox_title: "Почта и SMS", "E-mail and SMS";
    mailbox_lead: "Всё, что песочница отправила покупателям и партнёрам. Наружу ничего не уходит.", "Everything the sandbox sent to buyers and partners. Nothing leaves this machine.";
    mailbox_empty: "Пока пусто. Оплатите заказ в демо-магазине, и здесь появится чек.", "Nothing yet. Pay for an order in the demo shop, and the receipt will appear here.";
    mailbox_back: "Все сообщения", "All messages";
    mailbox_html: "Посмотреть письмо", "View the mail";
    mailbox_text: "Текстовая часть", "Text part";
    mailbox_attachments: "Вложения", "Attachments";
    zone_note: "Время московское (МСК).", "Times are Moscow time (MSK).";
    time_title: "Машина времени", "Time machine";
    time_lead: "Часы тестового партнёра. Вперёд можно, назад нельзя: сроки, напоминания и выплаты наступят так же, как в жизни.", "The test partner’s clock. It only goes forward: deadlines, reminders and payouts come as in life.";
    time_now: "Сейчас у тестового партнёра", "Now, for the test partner";
    time_real: "На самом деле:", "In reality:";
    time_hour: "+1 час", "+1 hour";
    time_day: "+1 день", "+1 day";
    time_three_days: "+3 дня", "+3 days";
    time_custom: "Сколько часов", "How many hours";
    time_go: "Перевести", "Move";
    local_brand: "АПИКАССА · песочница", "APIKASSA · sandbox";
    local_title: "АПИКАССА на одной машине", "APIKASSA on one machine";
    local_lead: "Всё, что здесь можно открыть. Деньги, карты и письма ненастоящие.", "Everything there is to open. Money, cards and mails are not real.";
    local_facts: "Для подключения", "To connect";
    local_back: "Всё на этой машине", "Everything on this machine";
    local_footer: "Песочница АПИКАССЫ. Деньги не списываются, письма не уходят.", "APIKASSA sandbox. Nothing is charged, no mail leaves.";
    executor_title: "Исполнение заказов", "Order execution";
    executor_lead: "Оплаченные заказы ждут исполнителя. Здесь им бываете вы.", "Paid orders wait for whoever executes them. Here, that is you.";
    executor_empty: "Нет заказов на исполнении. Оплатите заказ в демо-магазине.", "No orders to execute. Pay for one in the demo shop.";
    executor_handed: "Передан", "Handed over";
    executor_fulfil: "Исполнить", "Fulfil";
    executor_refuse: "Отказать", "Refuse";

    // mails
    mail_paid: "Заказ оплачен, чек", "Order paid, receipt";
    mail_paid_text: "Спасибо! Деньги получены, чек ниже.", "Thank you! The money has arrived; the receipt is below.";
    mail_prepaid: "Заказ оплачен, чек предоплаты", "Order paid, receipt of prepayment";
    mail_prepaid_text: "Спасибо! Деньги получены. Ниже чек предоплаты. При выдаче заказа придёт второй чек, платить по нему не нужно.", "Thank you! The money has arrived. Below is the receipt of prepayment. A second one comes when the order is handed over; there is nothing to pay by it.";
    mail_closing: "Чек на выдачу: предоплата зачтена", "Receipt for the hand-over: prepayment offset";
    mail_closing_text: "Заказ выдан. Этот чек закрывает предоплату, деньги второй раз не списаны.", "The order is handed over. This receipt closes the prepayment; nothing was charged again.";
    mail_corrected: "Исправлен чек", "A receipt is corrected";
    mail_undoing_text: "В одном из чеков заказа была ошибка. Этот чек отменяет его, верный чек придёт отдельно. Деньги при этом не списываются и не возвращаются.", "One of the order’s receipts had a mistake. This one undoes it; the right one comes on its own. No money moves.";
    mail_replacing_text: "В одном из чеков заказа была ошибка, он отменён отдельным чеком. Этот чек верный. Деньги при этом не списываются и не возвращаются.", "One of the order’s receipts had a mistake and was undone by a receipt of its own. This one is right. No money moves.";
    mail_fulfilled_text: "Результат вашего заказа готов. Откройте его по кнопке.", "The result of your order is ready. Open it with the button.";
    mail_reminder: "Результат ждёт вас", "Your result is waiting";
    mail_reminder_text: "Вы ещё не открыли результат заказа. Ссылка действует ограниченное время.", "You have not opened the result of your order yet. The link works for a limited time.";
    mail_refund_text: "Мы вернули деньги туда, откуда вы платили. Чек возврата ниже.", "We have returned the money to where you paid from. The refund receipt is below.";
    mail_part_refund: "Часть денег возвращена", "A part of the money is returned";
    mail_part_refund_text: "Мы вернули часть денег за заказ. Остальное остаётся оплаченным. Чек возврата ниже.", "We have returned a part of the money. The rest stays paid. The refund receipt is below.";
    stays_paid: "Остаётся оплаченным", "Stays paid";
    mail_held_text: "Банк удержал деньги за заказ, но ничего не списал.", "The bank holds the money for the order; nothing is charged.";
    mail_held_twice: "Заказ уже был оплачен. Второе удержание мы снимаем, эти деньги не спишутся.", "The order was paid already. We let the second hold go, and this money will not be charged.";
    mail_held_late: "Заказ к этому времени уже закрыт. Мы снимаем удержание, деньги не спишутся.", "The order was closed by then. We let the hold go, and nothing will be charged.";
    mail_released_part: "Часть удержания снята", "A part of the hold is let go";
    mail_released_part_text: "Эту сумму не спишут. Остальное банк по-прежнему удерживает для заказа.", "This amount will not be charged. The rest is still held for the order.";
    mail_released_text: "Деньги за заказ не списаны: банк снял удержание.", "Nothing was charged for the order: the bank has let the hold go.";
    mail_edited: "Заказ изменён", "The order was changed";
    mail_edited_up: "Сумма заказа выросла", "The order now costs more";
    mail_edited_text: "Продавец изменил состав заказа по сравнению с тем, на что вы соглашались.", "The seller changed the order from what you had agreed to.";
    mail_edited_up_text: "Если вы не согласны, отмените заказ на его странице до списания или напишите продавцу.", "If you do not agree, cancel the order on its page before you are charged, or write to the seller.";
    mail_edited_held_text: "Спишется не больше новой суммы, остаток удержания вернётся.", "No more than the new amount is taken; the rest of the hold is let go.";
    mail_edited_before: "Было", "Before";
    mail_edited_after: "Стало", "Now";
    mail_edited_added: "Добавлено", "Added";
    mail_edited_removed: "Убрано", "Removed";
    mail_edited_changed: "Изменено", "Changed";
    mail_charged: "Оплата списана с сохранённой карты", "Your saved card was charged";
    mail_charged_text: "Списание прошло без вашего участия, как вы разрешили при сохранении карты или счёта.", "The charge was made without you, as you allowed when the card or account was saved.";
    mail_charged_stop: "Чтобы таких списаний больше не было, отключите или удалите карту на странице «Мои карты» магазина или напишите продавцу. Не согласны со списанием? Напишите нам: контакты ниже.", "To stop such charges, switch the card off or delete it on the shop’s page of your cards, or write to the seller. You do not agree with the charge? Write to us: the contacts are below.";
    mail_declined: "Оплату списать не удалось", "The charge did not go through";
    mail_declined_text: "Банк не списал деньги с сохранённого вами способа оплаты.", "The bank did not charge the means of payment you have saved.";
    mail_declined_pay: "Вы можете оплатить заказ сами: другой картой или другим способом.", "You can pay the order yourself: by another card or another way.";
    mail_declined_again: "Магазин может повторить списание. Пока деньги не списаны, заказ можно отменить на его странице.", "The shop may charge again. Until you are charged, you may cancel the order on its page.";
    mail_declined_button: "Оплатить заказ", "Pay the order";
    declined_because: "Ответ банка", "The bank’s answer";
    not_charged: "Не списано", "Not charged";
    charged_by: "Кто списал", "Charged by";
    charged_why: "Причина", "Reason";
    charged_means: "С чего", "Charged to";
    by_partner: "продавец", "the seller";
    by_rule: "продавец, по правилу для статуса заказа", "the seller, by a rule for the order’s status";
    by_schedule: "по расписанию, на которое вы согласились", "by the schedule you agreed to";
    mail_order_page: "Страница заказа", "Order page";

    // SMS
    sms_order: "заказ", "order";
    sms_paid: "оплачен:", "paid:";
    sms_receipt: "Чек:", "Receipt:";
    sms_prepaid_receipt: "Чек предоплаты:", "Prepayment receipt:";
    sms_closing: "выдан, предоплата зачтена", "handed over, prepayment offset";
    sms_corrected: "исправлен чек:", "receipt corrected:";
    sms_delayed: "задерживается. Отменить и вернуть деньги:", "is delayed. Cancel and get a refund:";
    sms_fulfilled: "исполнен. Результат:", "is complete. Result:";
    sms_reminder: "готов, вы ещё не открыли результат", "is ready, you have not opened it yet";
    sms_refunded: "отменён, возвращено", "refunded:";
    sms_cancelled: "отменён. Вернём", "cancelled. To be returned:";
    sms_cancelled_free: "отменён, деньги не списаны", "cancelled, nothing was charged";
    sms_part_refunded: "возвращено", "returned:";
    sms_held: "удержано", "held:";
    sms_held_not_taken: "Не списано. Подробно:", "Not charged. More:";
    sms_held_twice: "уже был оплачен, второе удержание снимаем", "was paid already, the second hold is being let go";
    sms_held_late: "закрыт, удержание снимаем", "closed, the hold is being let go";
    sms_released: "удержание снято:", "hold let go:";
    sms_edited: "изменён, теперь", "changed, now";
    sms_edited_up: "подорожал, теперь", "costs more now:";
    sms_charged: "оплачен сохранённой картой:", "charged to your saved card:";
    sms_declined: "не оплачен, банк не списал", "not paid, the bank did not charge";
    sms_declined_more: "Подробно:", "More:";
    sms_paid_twice: "уже был оплачен. Вторую оплату вернём:", "was paid already. The second payment is to be returned:";
    sms_expired: "закрыт, оплата опоздала. Вернём", "closed, payment came late. To be returned:";
}
two: {
    consent_data: ("Согласен на обработку и передачу персональных данных:", "текст согласия"), ("I consent to the processing and transfer of my personal data:", "full text");
    consent_terms: ("Принимаю", "условия оплаты"), ("I accept the", "terms of payment");
}
}
