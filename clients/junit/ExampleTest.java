import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a test of yours may look like; `get` is where your own client would be. */
@ExtendWith(BizauthDev.class)
class ExampleTest {
    private static HttpResponse<String> get(String url, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    }

    private static HttpResponse<String> tokeninfo(BizauthDev.World world, String token) throws Exception {
        return get(world.baseUrl() + "/v1/business/tokeninfo", "Authorization", "Bearer " + token);
    }

    @Test
    void aTokenDiesAfterAYearOfDisuse(BizauthDev.World world) throws Exception {
        String token = world.token("moment_management");
        assertEquals(200, tokeninfo(world, token).statusCode());
        assertTrue(world.advance("400 days").contains("\"token-unused\""));
        HttpResponse<String> refused = tokeninfo(world, token);
        assertEquals(401, refused.statusCode());
        assertTrue(refused.body().contains("\"code\":-401"), refused.body());
    }

    @Test
    void aFaultStrikesAsOftenAsItSays(BizauthDev.World world) throws Exception {
        String token = world.token("moment_management");
        world.fault("{\"endpoint\": \"tokeninfo\", \"code\": \"-9798\", \"times\": 1}");
        assertEquals(503, tokeninfo(world, token).statusCode());
        assertEquals(200, tokeninfo(world, token).statusCode());
    }

    @Test
    void theNextPersonDenies(BizauthDev.World world) throws Exception {
        world.consent("{\"action\": \"approve\"}");
        world.consent("{\"action\": \"deny\", \"times\": 1}");
        String url = world.baseUrl() + "/oauth/business/authorize?response_type=code&client_id=" + BizauthDev.CLIENT_ID
            + "&scope=moment_management&redirect_uri=" + URLEncoder.encode(BizauthDev.REDIRECT_URI, StandardCharsets.UTF_8);
        assertTrue(get(url).headers().firstValue("location").orElseThrow().contains("error=access_denied"));
        assertTrue(get(url).headers().firstValue("location").orElseThrow().contains("code="));
    }

    @Test
    void aMistakeSaysWhatIsAllowed(BizauthDev.World world) {
        String wrong = "{\"endpoint\": \"tokn\", \"code\": \"-9798\"}";
        Exception refused = assertThrows(IllegalArgumentException.class, () -> world.fault(wrong));
        assertTrue(refused.getMessage().contains("tokeninfo"), refused.getMessage());
    }
}
