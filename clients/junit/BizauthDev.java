import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A world of `bizauth dev` for each test that has a parameter of type {@link World}; it is dropped after the test.
 * Copy this file into your tests, write {@code @ExtendWith(BizauthDev.class)}, and run them with
 * {@code bizauth dev exec -- mvn test}, which says in BIZAUTH_CONTROL_URL where the platform is.
 *
 * <p>The JDK reads no JSON, so answers are given as text, and {@link World#word} finds one word in them. With a JSON
 * library at hand, {@link World#call} is all that you need.
 */
public final class BizauthDev implements ParameterResolver {
    /** The app of every world made here; a seed of your own goes to {@link World#create}. */
    public static final String CLIENT_ID = "0123456789abcdef0123456789abcdef";
    public static final String CLIENT_SECRET = "abcdefghijklmnopqrstuvwxyz012345";
    public static final String REDIRECT_URI = "http://localhost:3000/callback";

    private static final String SEED = """
        {"users": [{"email": "kim@example.com", "assets": [{"group": "moment", "id": "482910"}]}],
         "apps": [{"name": "Reports", "permissions": ["moment"], "items": ["biz_account_email", "moment_management"],
                   "keys": [{"value": "%s", "secret": "%s", "redirect_uris": ["%s"]}]}]}
        """.formatted(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        return parameter.getParameter().getType() == World.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
        // Kept in the test's own store, which JUnit closes, and the world with it, when the test is over.
        return test.getStore(Namespace.create(BizauthDev.class))
            .getOrComputeIfAbsent(World.class, key -> World.create(SEED), World.class);
    }

    /** A world of one test's own. */
    public static final class World implements CloseableResource, AutoCloseable {
        private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build();

        private final String platform;
        private final String id;

        private World(String platform, String id) {
            this.platform = platform;
            this.id = id;
        }

        /** A world of this seed (JSON); close it yourself. */
        public static World create(String seed) {
            String platform = Optional.ofNullable(System.getenv("BIZAUTH_CONTROL_URL"))
                .orElseThrow(() -> new IllegalStateException("run this as `bizauth dev exec -- mvn test`"));
            String id = "junit-" + UUID.randomUUID().toString().replace("-", "");
            send(platform, "POST", "/worlds", "{\"id\": \"%s\", \"seed\": %s}".formatted(id, seed));
            return new World(platform, id);
        }

        /** Where kauth and kapi of this world are. */
        public String baseUrl() {
            return platform.replaceFirst("/_dev$", "/_w/" + id);
        }

        /** Moves the clock by "400 days"; the answer tells what fell in between. */
        public String advance(String span) {
            return call("POST", "/clock", "{\"advance\": \"%s\"}".formatted(span));
        }

        /** {@code fault("{\"endpoint\": \"tokeninfo\", \"code\": \"-9798\", \"times\": 1}")} */
        public String fault(String plan) {
            return call("POST", "/faults", plan);
        }

        /** A rule for consent screens, {@code {"action": "deny", "times": 1}}; with times it is one of a queue. */
        public String consent(String rule) {
            return call("POST", "/consents", rule);
        }

        /** A business token for these consent items, through consent and redemption. */
        public String token(String... scope) {
            String wish = "{\"scope\": [\"%s\"]}".formatted(String.join("\", \"", scope));
            return word(call("POST", "/tokens", wish), "access_token").orElseThrow();
        }

        /** The log, by a query such as "endpoint=token&amp;status=200". */
        public String requests(String query) {
            return call("GET", "/requests?" + query, null);
        }

        /** Any call of the control API in this world: its JSON. */
        public String call(String method, String path, String body) {
            return send(baseUrl() + "/_dev", method, path, body);
        }

        /** The first string of this name in a JSON text. */
        public static Optional<String> word(String json, String name) {
            Matcher found = Pattern.compile("\"" + Pattern.quote(name) + "\":\"([^\"\\\\]*)\"").matcher(json);
            return found.find() ? Optional.of(found.group(1)) : Optional.empty();
        }

        @Override
        public void close() {
            send(platform, "DELETE", "/worlds/" + id, null);
        }

        private static String send(String control, String method, String path, String body) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(control + path)).timeout(Duration.ofSeconds(30));
            if (body == null) {
                request.method(method, BodyPublishers.noBody());
            } else {
                request.header("Content-Type", "application/json").method(method, BodyPublishers.ofString(body));
            }
            try {
                HttpResponse<String> answer = HTTP.send(request.build(), BodyHandlers.ofString());
                if (answer.statusCode() >= 300) {
                    throw new IllegalArgumentException(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
                }
                return answer.body();
            } catch (IOException error) {
                throw new IllegalStateException(method + " " + path, error);
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(method + " " + path, error);
            }
        }
    }
}
