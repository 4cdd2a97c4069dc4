<?php

// PayKeeper's double driven by public libraries of PHP, where checkouts of them are at hand.
//
// PAYKEEPER_SDK names the checkouts, with `:` between them: `tests/clients/run` takes two of them from GitHub where that is in reach, and runs
// this where PHP is: Debian's php-cli, php-curl, php-guzzlehttp-guzzle. It knows
// JustCommunication-ru/paykeeper-sdk (invoices and their token), Eseath/paykeeper-php-sdk (lists and payments; guzzlehttp/psr7 2.7 or later
// among the checkouts) and Pathologic/commerce-payment-paykeeper (the signed form, notifications). Each runs as far as it is there.
//
// DOUBLE: address of the double; CREDENTIALS: JSON; RECEIVER: host:port to listen on; PAY: what addresses of the buyer's page begin with.

namespace {
    use Eseath\PayKeeper\Enums\InvoiceStatuses;
    use Eseath\PayKeeper\Enums\PaymentStatuses;
    use Eseath\PayKeeper\PayKeeperClient;
    use GuzzleHttp\Client;
    use GuzzleHttp\HandlerStack;
    use GuzzleHttp\Middleware;
    use GuzzleHttp\Psr7\Uri;
    use JustCommunication\PaykeeperSDK\API\Invoice\CartItem;
    use JustCommunication\PaykeeperSDK\API\Invoice\InvoiceListRequest;
    use JustCommunication\PaykeeperSDK\API\Invoice\InvoicePreviewRequest;
    use JustCommunication\PaykeeperSDK\API\Invoice\ServiceName;
    use JustCommunication\PaykeeperSDK\Exception\PaykeeperAPIException;
    use JustCommunication\PaykeeperSDK\PaykeeperAPIClient;
    use Psr\Http\Message\RequestInterface;
    use Psr\Http\Message\ResponseInterface;

    error_reporting(E_ALL & ~E_DEPRECATED);
    date_default_timezone_set('Europe/Moscow');

    /** Finds the classes of the checkouts where their own composer.json says they are. */
    function libraries(array $checkouts): void
    {
        $roots = ['Commerce\\Payments\\' => []];
        foreach ($checkouts as $checkout) {
            $file = "$checkout/composer.json";
            $named = is_file($file) ? json_decode(file_get_contents($file), true)['autoload']['psr-4'] ?? [] : [];
            foreach ($named as $prefix => $folder) {
                $roots[$prefix][] = "$checkout/$folder";
            }
            $roots['Commerce\\Payments\\'][] = "$checkout/assets/plugins/commerce/src/Payments/";
        }
        // Ahead of Debian's classes: a checkout may bring a later age of them.
        spl_autoload_register(function (string $class) use ($roots): void {
            foreach ($roots as $prefix => $folders) {
                foreach (str_starts_with($class, $prefix) ? $folders : [] as $folder) {
                    $file = $folder . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
                    if (is_file($file)) {
                        require_once $file;
                        return;
                    }
                }
            }
        });
        require_once 'GuzzleHttp/autoload.php';
    }

    function check(string $what, bool $holds, mixed $found = ''): void
    {
        echo $holds ? 'ok   ' : 'FAIL ', $what, "\n";
        if (!$holds) {
            fwrite(STDERR, "$what: found " . var_export($found, true) . "\n");
            exit(1);
        }
    }

    /** What a call is refused with; nothing when it is not. */
    function refusal(callable $call): string
    {
        try {
            $call();
            return '';
        } catch (Exception $refused) {
            return $refused->getMessage();
        }
    }

    class Shop
    {
        public array $credentials;
        public mixed $receiver;
        public Client $browser;

        public function __construct(public string $double, public string $pages)
        {
            $this->credentials = json_decode(getenv('CREDENTIALS'), true);
            $this->receiver = stream_socket_server('tcp://' . getenv('RECEIVER'));
            $this->browser = new Client(['allow_redirects' => false, 'http_errors' => false, 'timeout' => 20]);
        }

        /** Their clients name paths from the root of a server: the double lives below one. */
        public function http(): Client
        {
            $stack = HandlerStack::create();
            $below = new Uri($this->double);
            $stack->push(Middleware::mapRequest(fn (RequestInterface $request) => $request->withUri(
                $request->getUri()->withScheme($below->getScheme())->withHost($below->getHost())->withPort($below->getPort())
                    ->withPath($below->getPath() . $request->getUri()->getPath())
            )));
            return new Client(['handler' => $stack, 'timeout' => 20]);
        }

        /** Pays at the page an answer leads to: where the buyer goes then, and what the shop was told meanwhile. */
        public function pays(ResponseInterface $answer, ?callable $say = null): array
        {
            $page = $answer->getHeaderLine('Location');
            check("the way leads to the buyer's page", str_starts_with($page, $this->pages . '/'), $page);
            $card = ['form_params' => ['card' => 'success']];
            return $this->told(fn () => $this->browser->post($page, $card)->getHeaderLine('Location'), $say);
        }

        /** Does something the double tells of before it answers: what came of it, and the notification's fields. */
        public function told(callable $do, ?callable $say = null): array
        {
            $ours = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
            if (pcntl_fork() === 0) {
                fwrite($ours[1], (string) $do());
                exit(0);
            }
            fclose($ours[1]);
            $fields = $this->hears($say ?? fn (array $fields) => 'OK ' . md5($fields['id'] . $this->credentials['secret']));
            $done = stream_get_contents($ours[0]);
            pcntl_wait($status);
            return [$done, $fields];
        }

        /** Hears one notification, and answers with what `$say` makes of its fields. */
        private function hears(callable $say): array
        {
            $caller = stream_socket_accept($this->receiver, 20);
            $length = 0;
            while (($line = trim(fgets($caller))) !== '') {
                $length = sscanf(strtolower($line), 'content-length: %d')[0] ?? $length;
            }
            parse_str(stream_get_contents($caller, $length), $fields);
            $answer = $say($fields);
            $head = ['HTTP/1.1 200 OK', 'Content-Type: text/plain', 'Connection: close', 'Content-Length: ' . strlen($answer)];
            fwrite($caller, implode("\r\n", $head) . "\r\n\r\n" . $answer);
            fclose($caller);
            return $fields;
        }
    }

    function just_communication(Shop $shop, string $order): void
    {
        echo "\nJustCommunication-ru/paykeeper-sdk\n";
        ['user' => $user, 'password' => $password] = $shop->credentials;
        $outside = new PaykeeperAPIClient($shop->double, $user, 'guessed', null, $shop->http());
        check('a wrong password stays outside', refusal(fn () => $outside->getToken()) !== '');
        $client = new PaykeeperAPIClient($shop->double, $user, $password, null, $shop->http());
        $service = (new ServiceName())->setServiceName('Выписка / копия')->setUserResultCallback('https://shop.test/back')->setLang('ru')
            ->addCartItem(new CartItem('Выписка', 1234, 1, 1234, 'vat22', CartItem::ITEM_TYPE_SERVICE, CartItem::PAYMENT_TYPE_FULL));
        $asked = (new InvoicePreviewRequest())->setAmount(1234.5)->setClientId('Иванов Иван')->setOrderId($order)
            ->setServiceNameObject($service)->setClientEmail('a@b.test')->setExpireAt(new DateTime('+1 hour'));
        // It begins without a token, hears that the token is wrong, fetches one and repeats.
        $made = $client->sendInvoicePreviewRequest($asked);
        check('an invoice is made', $made->getInvoiceId() > 0 && $made->getInvoiceUrl() !== '', $made);
        $invoice = $client->getInvoice($made->getInvoiceId());
        check('as it was asked for', [$invoice->getStatus(), $invoice->getPayAmount(), $invoice->getClientId(), $invoice->getOrderId()]
            === ['created', 1234.5, 'Иванов Иван', $order], $invoice);
        check('nobody has paid it', !$invoice->isPaid() && $invoice->getPaymentId() === null && $invoice->getPaidAt() === null, $invoice);
        $expires = $asked->getExpireAt()->getTimestamp();
        check('its time is as it was asked for', $invoice->getExpireAt()->getTimestamp() === $expires, $invoice->getExpireAt());
        $days = (new InvoiceListRequest())->setStartDate(new DateTime('-1 day'))->setEndDate(new DateTime('+1 day'));
        $ids = fn (InvoiceListRequest $days) => array_map(fn ($one) => $one->getId(), $client->sendInvoiceListRequest($days)->getInvoices());
        check('it is among the open ones', in_array($made->getInvoiceId(), $ids($days->setStatuses(['created', 'sent'])), true));
        check('and not among the paid', !in_array($made->getInvoiceId(), $ids($days->setStatuses(['paid'])), true));
        $other = $client->sendInvoicePreviewRequest($asked)->getInvoiceId();
        $client->revokeInvoice((string) $other);
        check('another one is withdrawn', $client->getInvoice($other)->getStatus() === 'expired');
        check('what nobody made is not found', refusal(fn () => $client->getInvoice(1)) === 'Счёт не найден.');
        check('a sum of nothing is refused', refusal(fn () => $client->sendInvoicePreviewRequest((clone $asked)->setAmount(0.0))) !== '');
        [$back, $fields] = $shop->pays($shop->browser->get($made->getInvoiceUrl()));
        check('the buyer goes back to the shop', $back === 'https://shop.test/back', $back);
        check('the shop is told', [$fields['orderid'], $fields['sum']] === [$order, '1234.50'], $fields);
        $invoice = $client->getInvoice($made->getInvoiceId());
        check('it is paid', $invoice->isPaid() && $invoice->getPaidAt() !== null, $invoice);
        check('by the payment that was told of', (string) $invoice->getPaymentId() === $fields['id'], $invoice);
        check('and is not withdrawn any more', refusal(fn () => $client->revokeInvoice((string) $made->getInvoiceId())) !== '');
    }

    function eseath(Shop $shop, string $order): void
    {
        echo "\nEseath/paykeeper-php-sdk\n";
        $client = new class($shop) extends PayKeeperClient {
            public function __construct(Shop $shop)
            {
                parent::__construct($shop->credentials['user'], $shop->credentials['password'], 'paykeeper.test');
                $this->transport = $shop->http();
            }
        };
        $made = $client->getPaymentLink(77.7, 'Справка', $order, 'client-7', 'a@b.test', userResultCallback: 'https://shop.test/back');
        $days = [new DateTime('-1 day'), new DateTime('+1 day')];
        check('it is open', $client->invoices->getById($made->invoice_id)->status === InvoiceStatuses::created);
        check('an invoice nobody made is not there', $client->invoices->getById('1') === null);
        check('nobody has paid', $client->payments->search($order, ...$days) === []);
        $id = $shop->pays($shop->browser->get($made->invoice_url))[1]['id'];
        $paid = $client->invoices->getById($made->invoice_id);
        check('it is paid', [$paid->status, $paid->paymentid, $paid->pay_amount] === [InvoiceStatuses::paid, $id, 77.7], $paid);
        $listed = $client->invoices->getList(...[...$days, [InvoiceStatuses::paid]]);
        check('it is listed', in_array($made->invoice_id, array_column($listed, 'id'), true), $listed);
        class_exists(Eseath\PayKeeper\Responses\InvoiceListCountResponse::class); // elsewhere it spells the name otherwise than the file
        $counted = $client->invoices->getQuantity(...[...$days, [InvoiceStatuses::paid, InvoiceStatuses::expired]]);
        $paid = array_column($counted->statuses, 'quantity', 'name')['paid'];
        check('and counted', $paid === count($listed) && $counted->total >= $paid, $counted);
        $payment = $client->payments->getById($id);
        $known = [$payment->status, $payment->pay_amount, $payment->orderid] === [PaymentStatuses::success, 77.7, $order];
        check('the payment is known', $known, $payment);
        check('the search finds it', array_column($client->payments->search($order, ...$days), 'orderid') === [$order]);
        $list = $client->payments->getList($days[0], $days[1], [PaymentStatuses::success], [(int) $payment->payment_system_id]);
        check('it is in the register of the day', in_array((int) $id, array_column($list, 'id'), true), $list);
        check('the systems are named', count($client->getPaymentSystems()) > 0);
        $back = fn (string $amount, string $partial)
            => $client->request('POST', '/change/payment/reverse/', data: ['id' => $id, 'amount' => $amount, 'partial' => $partial]);
        $back('7.70', 'true');
        $payment = $client->payments->getById($id);
        check('a part goes back', [$payment->status, $payment->refund_amount] === [PaymentStatuses::partially_refunded, 7.7], $payment);
        check('more than there is does not', refusal(fn () => $back('70.01', 'true')) !== '');
        $back('70.00', 'false');
        check('the rest goes back', $client->payments->getById($id)->status === PaymentStatuses::refunded);
    }

    function pathologic(Shop $shop): void
    {
        echo "\nPathologic/commerce-payment-paykeeper\n";
        $shop_of = new PathologicShop($shop->credentials['secret']);
        $module = new Commerce\Payments\Paykeeper($shop_of, ['secret_key' => $shop->credentials['secret'], 'shop_id' => 'demo']);
        ['url' => $url, 'data' => $form] = $module->getPaymentMarkup();
        check('its form goes to the vendor', str_ends_with(parse_url($url, PHP_URL_PATH), '/create/'), $url);
        $forged = $shop->browser->post($shop->double . '/create/', ['form_params' => ['sign' => str_repeat('0', 64)] + $form]);
        check('a form with a wrong signature leads nowhere', $forged->getHeaderLine('Location') === '', $forged->getStatusCode());
        $hear = function (array $fields) use ($module): string {
            $_POST = $fields;
            ob_start();
            $taken = $module->handleCallback();
            $said = ob_get_clean();
            return $taken ? $said : 'no';
        };
        $page = $shop->browser->post($shop->double . '/create/', ['form_params' => $form]);
        $shop->pays($page, fn (array $fields) => $hear(['sum' => '1.00'] + $fields));
        check('a notification with another sum is not believed', $shop_of->paid === [], $shop_of->paid);
        $client = new Client(['base_uri' => $shop->double, 'auth' => [$shop->credentials['user'], $shop->credentials['password']]]);
        $query = ['query' => $form['orderid'], 'beg_date' => date('Y-m-d'), 'end_date' => date('Y-m-d')];
        $rows = json_decode($client->get("$shop->double/info/payments/search/", ['query' => $query])->getBody());
        check('what was not believed is told again', $rows[0]->status === 'obtained', $rows);
        $token = json_decode($client->get("$shop->double/info/settings/token/")->getBody())->token;
        $again = ['form_params' => ['id' => $rows[0]->id, 'token' => $token]];
        $shop->told(fn () => $client->post("$shop->double/change/payment/repeatcnt/", $again)->getBody(), $hear);
        check('the notification is believed', $shop_of->paid === [[7, 500.0]], $shop_of->paid);
        $rows = json_decode($client->get("$shop->double/info/payments/byid/", ['query' => ['id' => $rows[0]->id]])->getBody());
        check('its answer is understood', $rows[0]->status === 'success', $rows);
    }

    /** As much of a MODX shop as Pathologic's module talks to; the classes it is made of stand below. */
    class PathologicShop
    {
        public self $commerce;
        public array $paid = [];

        public function __construct(public string $secret)
        {
            $this->commerce = $this;
        }

        public function getUserLanguage(string $name): array
        {
            return ['paykeeper.order_description' => 'Заказ'];
        }

        public function loadProcessor(): self
        {
            return $this;
        }

        public function getOrder(): array
        {
            return ['id' => 42, 'amount' => '500.00', 'name' => 'Иванов Иван', 'email' => 'a@b.test', 'phone' => '', 'currency' => 'RUB'];
        }

        public function getCart(): array
        {
            return [];
        }

        public function loadPayment($id): array
        {
            return ['id' => (int) $id, 'order_id' => 42, 'amount' => 500.0];
        }

        public function processPayment(int $id, float $amount): bool
        {
            $this->paid[] = [$id, $amount];
            return true;
        }
    }

    libraries(explode(':', getenv('PAYKEEPER_SDK')));
    $shop = new Shop(rtrim(getenv('DOUBLE'), '/'), rtrim(getenv('PAY'), '/'));
    $order = 'php-' . bin2hex(random_bytes(10));
    $known = [
        PaykeeperAPIClient::class => fn () => just_communication($shop, $order . 'a'),
        PayKeeperClient::class => fn () => eseath($shop, $order . 'b'),
        Commerce\Payments\Paykeeper::class => fn () => pathologic($shop),
    ];
    $found = array_filter($known, fn (string $class) => class_exists($class), ARRAY_FILTER_USE_KEY);
    check('PAYKEEPER_SDK names a library this program knows', $found !== []);
    array_map(fn (callable $run) => $run(), $found);
}

namespace Commerce\Payments {
    abstract class Payment
    {
        protected $lang;

        public function __construct(protected $modx, protected array $params = [])
        {
        }

        public function getSetting(string $name)
        {
            return $this->params[$name] ?? '';
        }

        protected function createPayment($order, $amount): array
        {
            return ['id' => 7, 'order_id' => $order, 'amount' => $amount];
        }

        protected function prepareItems($cart): array
        {
            return [['name' => 'Справка', 'price' => 500.0, 'count' => 1, 'total' => 500.0]];
        }
    }
}

namespace Commerce\Module {
    class Renderer
    {
        public function __construct(...$of)
        {
        }

        public function render(string $template, array $data): array
        {
            return $data;
        }
    }
}
